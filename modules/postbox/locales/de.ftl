postbox-title = Postfach
postbox-none = In Ihrem Postfach liegt noch nichts.
postbox-unread-count = { $n ->
    [0] Sie haben alles gelesen.
    [one] Eine Nachricht ist ungelesen.
   *[other] { $n } Nachrichten sind ungelesen.
}
postbox-badge-open = Antwort fehlt
postbox-badge-unread = ungelesen
postbox-read-at = Gelesen am { $at }
postbox-delivered-at = Bereitgestellt am { $at }
postbox-number = Aktenzeichen { $number }
postbox-to-case = Zum Vorgang
postbox-messages = Nachrichten
postbox-question-title = Wir haben eine Frage an Sie
postbox-your-reply = Ihre Antwort
postbox-reply-title = Antworten
postbox-reply-label = Ihre Antwort
postbox-reply-files = Dateien
postbox-reply-files-hint = Bis zu fünf Dateien als PDF, JPEG oder PNG, jede bis 10 MB, zusammen bis 30 MB
postbox-reply-send = Antwort senden
postbox-replied = Ihre Antwort ist angekommen. Sie liegt jetzt im Vorgang.
postbox-reply-missing = Schreiben Sie Ihre Antwort.
postbox-reply-too-long = Kürzen Sie Ihre Antwort auf { $max } Zeichen.
postbox-too-many-files = Wählen Sie höchstens { $max } Dateien aus.
postbox-file-infected = In der Datei „{ $name }“ wurde Schadsoftware gefunden ({ $signature }). Wir haben sie nicht angenommen. Prüfen Sie Ihr Gerät und wählen Sie eine andere Datei.
postbox-upload-broken = Die Dateien sind nicht ganz angekommen. Versuchen Sie es noch einmal, am besten mit kleineren Dateien.
postbox-files-too-large = Mit der Datei „{ $name }“ sind es mehr als 30 MB. Wählen Sie kleinere oder weniger Dateien.
postbox-files-hour = { $minutes ->
    [one] Von Ihnen kamen sehr viele Dateien. Fügen Sie diese in einer Minute noch einmal hinzu, oder antworten Sie ohne sie.
   *[other] Von Ihnen kamen sehr viele Dateien. Fügen Sie diese in { $minutes } Minuten noch einmal hinzu, oder antworten Sie ohne sie.
}
postbox-file-empty = Die Datei „{ $name }“ ist leer. Wählen Sie eine andere.
postbox-file-too-large = Die Datei „{ $name }“ ist größer als 10 MB. Wählen Sie eine kleinere.
postbox-file-wrong-type = Die Datei „{ $name }“ ist kein PDF, JPEG oder PNG. Wählen Sie eine andere.
postbox-file-damaged = Die Datei „{ $name }“ ist beschädigt. Speichern Sie sie neu, oder wählen Sie eine andere.
postbox-file-too-many-pixels = Das Bild „{ $name }“ ist zu groß. Fotografieren Sie mit kleinerer Auflösung.
postbox-file-suspicious = Die Datei „{ $name }“ enthält mehr als ein Dokument oder Bild. Speichern Sie sie neu und wählen Sie sie noch einmal aus.
postbox-menu-stack = Postausgang
postbox-stack-title = Postausgang
postbox-stack-text = Drucken Sie die Briefe, stecken Sie sie in Fensterumschläge und bestätigen Sie dann den Versand.
postbox-making-count = { $n ->
    [one] Ein Brief wird gerade geschrieben.
   *[other] { $n } Briefe werden gerade geschrieben.
}
postbox-waiting-count = Zu drucken: { $n }
postbox-printed-count = Gedruckt und noch nicht verschickt: { $n }
postbox-stack-none = Der Stapel ist leer.
postbox-printed-none = Hier liegt nichts.
postbox-choose-print = Welche Briefe drucken Sie jetzt?
postbox-choose-posted = Welche Briefe meinen Sie?
postbox-make-batch = Druckdatei erstellen
postbox-batch = { $n ->
    [one] Ein Brief
   *[other] { $n } Briefe
}
postbox-batch-file = Druckdatei herunterladen (PDF)
postbox-single = einzeln herunterladen
postbox-mark-posted = Verschickt
postbox-mark-back = Zurück auf den Stapel
postbox-batch-made = Die Druckdatei ist fertig. Sie steht unten zum Herunterladen.
postbox-posted = Die Briefe sind als verschickt vermerkt.
postbox-put-back = Die Briefe liegen wieder auf dem Stapel.
postbox-none-chosen-fehler = Wählen Sie mindestens einen Brief aus.
postbox-too-many-fehler = Drucken Sie höchstens 100 Briefe auf einmal.
postbox-printed-fehler = Mindestens einen dieser Briefe hat gerade jemand anderes gedruckt. Wählen Sie neu aus.
postbox-staff-panel = Nachrichten und Briefe
postbox-state-reply = Antwort der antragstellenden Person
postbox-state-read = Gelesen am { $at }
postbox-state-unread = Noch nicht gelesen
postbox-state-posted = Verschickt am { $at }
postbox-state-stack = Liegt im Postausgang
postbox-letter-question-before = zu Ihrem Antrag haben wir noch eine Frage:
postbox-letter-question-after = Antworten Sie im Portal mit Ihrem Abholcode oder schreiben Sie uns. Nennen Sie dabei das Aktenzeichen. Ihr Antrag bleibt so lange bei uns liegen.
postbox-mail-subject = { $city }: Neue Nachricht in Ihrem Postfach
postbox-mail-text = Guten Tag,

    Sie haben eine neue Nachricht in Ihrem Postfach. Öffnen Sie das Portal und melden Sie sich an.

    Diese E-Mail enthält keinen Link und nichts über den Inhalt.

    { $city }
postbox-mail-guest-subject = { $city }: Es gibt etwas Neues für Sie
postbox-mail-guest-text = Guten Tag,

    zu Ihrem Antrag gibt es etwas Neues. Öffnen Sie das Portal und geben Sie Ihren Abholcode ein.

    Portal: { $portal }

    Was es ist, steht nicht in dieser E-Mail.

    { $city }
message-information = Neue Nachricht
message-information-text = Zu Ihrem Antrag gibt es etwas Neues. Sie sehen es in Ihrem Vorgang.
message-question = Wir haben eine Frage zu Ihrem Antrag
message-question-text = Beantworten Sie die Frage, damit es weitergeht.
message-reply = Ihre Antwort
message-reply-text = Ihre Antwort liegt im Vorgang.
message-certificate-posted = Ihre Bescheinigung ist unterwegs
message-certificate-posted-text = Wir schicken sie mit der Post an Ihre gemeldete Anschrift.
message-certificate-ready = Ihre Bescheinigung ist da
message-certificate-ready-text = Laden Sie die Bescheinigung herunter. Darauf steht ein Code, mit dem jede Stelle prüfen kann, dass sie echt ist.
message-decision-ready = Wir haben über Ihren Antrag entschieden
message-decision-ready-text = Die Entscheidung und die Gründe stehen im Bescheid.
message-letter-ready = Wir haben Ihnen geschrieben
message-letter-ready-text = Lesen Sie das Schreiben.
message-urkunde-versandt = Ihre Urkunde ist unterwegs
message-urkunde-versandt-text = Wir haben Ihre Urkunde ausgestellt und mit der Post an Sie geschickt.
    Ist sie in zwei Wochen nicht da, melden Sie sich bei uns.
message-refused = Ihr Antrag ist abgelehnt
message-refused-text = Die Gründe und was Sie tun können stehen im Bescheid.
message-nothing-found = Wir haben keinen Eintrag gefunden
message-nothing-found-text = Was wir durchsucht haben, steht im Schreiben.
message-withdrawn = Ihr Antrag ist zurückgenommen
message-withdrawn-text = Sie haben Ihren Antrag zurückgenommen. Wir bearbeiten ihn nicht weiter.
message-refund = Sie bekommen Geld zurück
message-refund-text = Wir erstatten Ihnen einen Teil der Gebühr oder die ganze Gebühr auf dem Weg, auf dem Sie bezahlt haben.
timeline-delivered-postbox = Nachricht in Ihr Postfach gelegt
timeline-question-asked = Frage an Sie geschickt
timeline-reply-received = Ihre Antwort ist angekommen
timeline-letter-printed = Brief gedruckt und mit der Post verschickt
timeline-delivered-postbox-staff = Nachricht ins Postfach gelegt
timeline-question-asked-staff = Frage geschickt
timeline-reply-received-staff = Antwort eingegangen
refusal-postbox-no-address = Für einen Brief fehlt die Anschrift.
refusal-postbox-no-question = In der Aufgabe steht keine Frage.
refusal-postbox-answered = Diese Frage ist schon beantwortet oder wird nicht mehr gestellt. Im Vorgang sehen Sie, wie es weitergeht.

## Auskunft über gespeicherte Daten

postbox-table-attachment = Anlagen zu Antworten
postbox-table-message = Nachrichten
postbox-table-delivery = Zustellungen
postbox-table-letter = Briefe
postbox-field-message-id = Nachricht (Kennung)
postbox-field-document-id = Dokument (Kennung)
postbox-field-kind = Art
postbox-field-subject = Betreff
postbox-field-body = Text
postbox-field-at = Zeitpunkt
postbox-field-read-at = Gelesen
postbox-field-channel = Weg
postbox-field-delivered-at = Zugestellt
postbox-field-posted-at = Verschickt
postbox-field-state = Stand
postbox-field-created-at = Angelegt
postbox-field-printed-at = Gedruckt
postbox-value-kind-document = Dokument
postbox-value-kind-notice = Hinweis
postbox-value-kind-question = Frage
postbox-value-kind-reply = Antwort
postbox-value-channel-postbox = Postfach
postbox-value-channel-letter = Brief
postbox-value-state-making = wird erstellt
postbox-value-state-waiting = wartet auf den Druck
postbox-value-state-printed = gedruckt
postbox-value-state-posted = verschickt
postbox-event-delivered = Zugestellt
postbox-event-read = Nachricht gelesen
postbox-event-letter-posted = Brief verschickt
