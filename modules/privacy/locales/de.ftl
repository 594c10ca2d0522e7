privacy-menu-own = Meine Daten
privacy-menu-case = Datenauskunft
privacy-menu-register = Verarbeitungen
privacy-menu-deletion = Löschlauf
privacy-yes = ja
privacy-no = nein
privacy-own-title = Meine Daten
privacy-own-text = Sie haben das Recht zu erfahren, was wir über Sie gespeichert haben (Art. 15 DSGVO). Hier bekommen Sie es sofort und kostenlos.
privacy-own-content = Sie laden eine ZIP-Datei herunter. Darin sind eine Seite zum Lesen, dieselben Angaben als JSON für andere Programme und Ihre Dokumente.
privacy-own-care = Die Datei enthält persönliche Angaben. Speichern Sie sie nur auf einem Gerät, dem Sie vertrauen.
privacy-own-download = Meine Daten herunterladen
privacy-case-title = Datenauskunft
privacy-case-text = Für Personen ohne Konto: Sie bekommen alles, was zu einem Vorgang gespeichert ist.
privacy-case-care = Erst prüfen, dann aushändigen
privacy-case-care-text = Prüfen Sie den Ausweis der Person. Sehen Sie die internen Dokumente durch: Angaben über andere Personen schwärzen Sie. Der Abruf wird protokolliert.
privacy-case-number = Aktenzeichen
privacy-case-number-hint = Zum Beispiel 33.20/2026/000042
privacy-case-unknown = Zu diesem Aktenzeichen gibt es keinen Vorgang, den Sie sehen dürfen.
privacy-case-download = Auskunft herunterladen
privacy-package-title = Auskunft über Ihre Daten
privacy-package-text = Das ist alles, was wir zu Ihnen und Ihren Vorgängen gespeichert haben. Stimmt etwas nicht, schreiben Sie uns: Sie können verlangen, dass wir es berichtigen.
privacy-package-case = Vorgang { $number }
privacy-package-documents = Dokumente
privacy-package-no-documents = Es gibt keine Dokumente.
privacy-package-too-large = Die Datei ist für dieses Paket zu groß. Sie finden sie in Ihrem Vorgang.
privacy-package-internal = Das ist ein internes Dokument. Wir geben es Ihnen auf Anfrage, nachdem wir Angaben über andere Personen unkenntlich gemacht haben.
privacy-package-journal = Protokoll
privacy-package-journal-text = Was in Ihrem Konto und Ihren Vorgängen geschehen ist.
privacy-register-title = Verzeichnis der Verarbeitungen
privacy-register-text = Verzeichnis nach Art. 30 DSGVO. Es entsteht aus den Angaben der Formulare und stimmt deshalb mit den Hinweisen überein, die Antragstellende lesen.
privacy-register-controller = Verantwortlich: { $who }
privacy-register-csv = Als CSV-Datei herunterladen
privacy-register-none = Es gibt noch keine Leistung mit Formular.
privacy-register-unit = Organisationseinheit
privacy-register-purpose = Zweck
privacy-register-basis = Rechtsgrundlage
privacy-register-fields = Datenkategorien
privacy-register-special = Besondere Kategorien (Art. 9 DSGVO)
privacy-register-sources = Herkunft
privacy-register-recipients = Empfänger
privacy-register-retention = Aufbewahrung nach Ende des Jahres, in dem der Vorgang geschlossen wurde
privacy-register-drafts = Nicht abgeschickte Entwürfe
privacy-register-automated = Automatisierte Entscheidung
privacy-register-years = { $n ->
    [one] { $n } Jahr
   *[other] { $n } Jahre
}
privacy-register-days = { $n ->
    [one] { $n } Tag
   *[other] { $n } Tage
}
privacy-deletion-title = Löschlauf
privacy-deletion-text = Bei diesen Vorgängen ist die Aufbewahrungsfrist abgelaufen. Sie müssen gelöscht werden, wenn kein anderer Grund sie noch braucht.
privacy-deletion-none = Zurzeit wartet kein Vorgang.
privacy-deletion-caption =
    { $n ->
        [one] Ein Vorgang
       *[other] { $shown } von { $n } Vorgängen
    }
privacy-deletion-number = Aktenzeichen
privacy-deletion-subject = Betreff
privacy-deletion-entry = Aktenplan
privacy-deletion-from = Löschbar ab
privacy-deletion-unseen = Für Sie nicht einsehbar
privacy-deletion-hidden =
    { $n ->
        [one] Ein weiterer Vorgang der Liste ist nur für seine Stelle sichtbar
       *[other] { $n } weitere Vorgänge der Liste sind nur für ihre Stelle sichtbar
    }. Prüfung und Freigabe der Liste gelten auch dafür.
privacy-deletion-closed = Geschlossen
privacy-deletion-years = Jahre
privacy-deletion-basis = Grundlage
privacy-deletion-final = Gelöschte Vorgänge kommen nicht zurück
privacy-deletion-final-text =
    { $n ->
        [one] Mit der Freigabe löschen wir einen Vorgang, den jemand anderes geprüft hat, mit allen Dokumenten
       *[other] Mit der Freigabe löschen wir { $n } Vorgänge, die jemand anderes geprüft hat, mit allen Dokumenten
    }. Im Protokoll bleibt nur, dass etwas gelöscht wurde.
privacy-deletion-release = Geprüfte Vorgänge zur Löschung freigeben
privacy-deletion-check = Die gezeigten Vorgänge dürfen gelöscht werden
privacy-deletion-unchecked =
    { $n ->
        [one] Ein Vorgang ist noch ungeprüft
       *[other] { $n } Vorgänge sind noch ungeprüft
    }. Zum Löschen braucht es zwei Personen: Eine prüft, eine andere gibt frei.
privacy-deletion-checked = Geprüft. Jetzt gibt jemand anderes die Löschung frei.
privacy-deletion-other = Sie haben diese Vorgänge geprüft. Freigeben muss sie jemand anderes.
privacy-deletion-released = Freigegeben. Die Vorgänge werden jetzt gelöscht.
privacy-deletion-nothing-fehler = Die Liste hat sich geändert. Sehen Sie sie noch einmal durch.
privacy-protocol-title = Löschprotokoll
privacy-protocol-none = Es wurde noch nichts gelöscht.
privacy-protocol-caption = Die letzten Löschungen
privacy-protocol-at = Wann
privacy-protocol-hash = Prüfwert des Aktenzeichens
privacy-protocol-rows = Datensätze
privacy-protocol-files = Dateien

## Auskunft über gespeicherte Daten

privacy-field-family-name = Familienname
privacy-field-first-names = Vornamen
privacy-field-given-names = Vornamen
privacy-field-birth-name = Geburtsname
privacy-field-birth-date = Geburtsdatum
privacy-field-birth-place = Geburtsort
privacy-field-address = Anschrift
privacy-field-addresses = Anschriften
privacy-field-former-addresses = Frühere Anschriften
privacy-field-street = Straße
privacy-field-house-number = Hausnummer
privacy-field-addition = Zusatz
privacy-field-postal-code = Postleitzahl
privacy-field-city = Ort
privacy-field-country = Staat
privacy-field-moved-in = Eingezogen
privacy-field-moved-out = Ausgezogen
privacy-field-email = E-Mail-Adresse
privacy-field-provenance = Herkunft
privacy-field-nationality = Staatsangehörigkeit
privacy-field-marital-status = Familienstand
privacy-field-religion = Religion
privacy-field-spouse = Ehegatte oder Lebenspartner
privacy-field-children = Kinder
privacy-field-representatives = Gesetzliche Vertreter
privacy-field-doctorate = Doktorgrad
privacy-field-name = Name
privacy-field-size = Größe in Byte
privacy-field-media-type = Dateityp
privacy-field-label = Bezeichnung
privacy-field-title = Titel
privacy-field-file = Datei (Kennung)
privacy-field-id = Kennung
files-event-stored = Datei gespeichert
files-event-infected = Schadsoftware in einer Datei gefunden
files-event-deleted = Datei gelöscht
privacy-event-exported = Auskunft abgerufen
privacy-event-row-erased = Daten gelöscht
journal-event-erased = Daten gelöscht
