### Anmeldung, Konto, Vertretung

## Menü

accounts-menu-account = Mein Konto
accounts-menu-claim = Mit Code abholen
accounts-menu-counter = Vor Ort prüfen
accounts-menu-help = Anmeldehilfe
accounts-menu-deputies = Vertretung

## Vertrauensniveau

level-basis = Basis
level-vor-ort = Vor Ort geprüft
level-substantiell = Substanziell
level-hoch = Hoch
level-header-basis = mit Passwort angemeldet
level-header-vor-ort = vor Ort geprüft
level-header-substantiell = sicher angemeldet
level-header-hoch = mit Ausweis angemeldet

## Anmelden

accounts-sign-in-title = Anmelden
accounts-sign-in-text = Melden Sie sich mit Ihrer E-Mail-Adresse an. Teilen Sie sich die Adresse mit jemandem? Ihr Passwort führt zu Ihrem eigenen Konto.
accounts-with-password = Mit E-Mail-Adresse und Passwort
accounts-sign-in = Anmelden
accounts-signed-in-as = Sie sind angemeldet: { $name }. Für manche Leistungen brauchen Sie ein höheres Vertrauensniveau, zum Beispiel mit dem Online-Ausweis.
accounts-email = E-Mail-Adresse
accounts-password = Passwort
accounts-login = Anmeldename
accounts-no-account = Konto eröffnen
accounts-forgotten = Passwort vergessen
accounts-have-claim = Ich habe einen Abholcode
accounts-have-account = Ich habe ein Konto
accounts-eid-title = Mit dem Online-Ausweis
accounts-eid-text = Personalausweis, Aufenthaltstitel oder eID-Karte mit PIN. So bekommen Sie viele Bescheinigungen sofort.
accounts-eid-raise-text = Personalausweis, Aufenthaltstitel oder eID-Karte mit PIN. Ein begonnener Antrag geht danach weiter. Fest mit dem Konto „{ $name }“ verbinden Sie den Ausweis unter „Mein Konto“.
accounts-eid-button = Mit Online-Ausweis anmelden
accounts-eid-link-button = Online-Ausweis mit diesem Konto verbinden
accounts-eid-unreachable-fehler = Der Dienst für den Online-Ausweis antwortet gerade nicht. Versuchen Sie es in ein paar Minuten noch einmal.
accounts-eid-cancelled-fehler = Sie haben die Anmeldung mit dem Online-Ausweis abgebrochen.
accounts-eid-elsewhere-fehler = Dieser Online-Ausweis gehört schon zu einem anderen Konto. Melden Sie sich ab und dann mit dem Online-Ausweis an.
accounts-eid-differs-fehler = Der Online-Ausweis gehört einer anderen Person als das Konto, mit dem Sie angemeldet sind. Melden Sie sich zuerst ab.
accounts-eid-failed-fehler = Die Anmeldung mit dem Online-Ausweis hat nicht geklappt. Versuchen Sie es noch einmal.
accounts-step-expired-fehler = Das hat zu lange gedauert, oder der Code war zu oft falsch. Melden Sie sich noch einmal an.
accounts-continue = Weiter
accounts-code-title = Code eingeben
accounts-code-text = Öffnen Sie die App für den zweiten Faktor auf Ihrem Telefon.
accounts-code = Code aus der App
accounts-code-hint = 6 Ziffern. Telefon verloren? Dann geben Sie einen Ihrer Wiederherstellungscodes ein.
accounts-wait =
    { $seconds ->
        [one] Das waren zu viele Versuche. Warten Sie eine Sekunde und versuchen Sie es dann noch einmal.
       *[other] Das waren zu viele Versuche. Warten Sie { $seconds } Sekunden und versuchen Sie es dann noch einmal.
    }
accounts-signed-out = Sie sind abgemeldet.

## Konto eröffnen

accounts-register-title = Konto eröffnen
accounts-register-text = Mit einem Konto sehen Sie jederzeit, wie weit Ihre Anträge sind, und bekommen Bescheide ins Postfach.
accounts-register-hint = Dorthin schicken wir einen Link. Sie können dieselbe Adresse für mehrere Konten nutzen.
accounts-register-send = Link schicken
accounts-mail-sent-title = Sehen Sie in Ihr E-Mail-Postfach
accounts-register-sent =
    { $hours ->
       *[other] Wir haben Ihnen einen Link geschickt. Er gilt { $hours } Stunden.
    }
accounts-mail-none = Keine E-Mail da? Sehen Sie im Spam-Ordner nach, oder versuchen Sie es in einer Stunde noch einmal.
accounts-register-for = Ihre E-Mail-Adresse { $email } ist bestätigt. Wählen Sie ein Passwort.
accounts-register-existing =
    { $n ->
        [one] Für diese Adresse gibt es schon ein Konto. Sie können ein weiteres eröffnen, zum Beispiel für eine andere Person. Es braucht ein anderes Passwort.
       *[other] Für diese Adresse gibt es schon { $n } Konten. Sie können ein weiteres eröffnen, zum Beispiel für eine andere Person. Es braucht ein anderes Passwort.
    }
accounts-register-finish = Konto eröffnen
accounts-opened = Ihr Konto ist eröffnet, und Sie sind angemeldet.
accounts-password-new = Neues Passwort
accounts-password-rules = Mindestens { $min } Zeichen. Ein kurzer Satz ist gut zu merken.
accounts-label = Name des Kontos
accounts-label-optional = Name des Kontos
accounts-label-hint = So finden Sie Ihr Konto wieder, wenn sich mehrere eine Adresse teilen, zum Beispiel Ihr Vorname. Ohne Namen nehmen wir die E-Mail-Adresse.
accounts-label-title = Name des Kontos ändern
accounts-label-text = Der Name steht oben auf jeder Seite. Er hilft, wenn sich mehrere eine E-Mail-Adresse teilen.
accounts-link-expired-title = Dieser Link gilt nicht mehr
accounts-link-expired-text = Er wurde schon benutzt oder ist zu alt. Lassen Sie sich einen neuen schicken.
accounts-link-again = Neuen Link anfordern

## Passwort

accounts-forgotten-title = Passwort vergessen
accounts-forgotten-text = Wir schicken Ihnen einen Link, mit dem Sie ein neues Passwort wählen.
accounts-forgotten-send = Link schicken
accounts-forgotten-sent = Wir haben eine E-Mail geschickt. Der Link darin gilt { $minutes } Minuten.
accounts-staff-forgotten-text = Wir schicken einen Link an Ihre dienstliche E-Mail-Adresse.
accounts-staff-forgotten-sent = Wenn es diesen Anmeldenamen gibt, ist eine E-Mail unterwegs. Der Link darin gilt { $minutes } Minuten.
accounts-reset-title = Neues Passwort wählen
accounts-reset-text = Danach sind Sie überall abgemeldet und melden sich mit dem neuen Passwort an.
accounts-staff-reset-text = Neues Passwort für { $login }. Danach melden Sie sich damit an.
accounts-reset-which = Für welches Konto?
accounts-reset-choice = eröffnet am { $opened }
accounts-reset-choice-used = eröffnet am { $opened }, zuletzt benutzt am { $used }
accounts-password-save = Passwort speichern
accounts-password-saved = Ihr neues Passwort gilt. Melden Sie sich damit an.
accounts-password-title = Passwort ändern
accounts-password-change-text = Auf allen anderen Geräten werden Sie abgemeldet.
accounts-password-old = Bisheriges Passwort
accounts-password-changed = Ihr neues Passwort gilt.
accounts-password-set = gesetzt
accounts-password-none = noch keines; Sie melden sich mit dem Online-Ausweis an

## Konto

accounts-account-title = Mein Konto
accounts-account-data = Kontodaten
accounts-no-email = keine; ohne Adresse bekommen Sie keine Nachrichten per E-Mail
accounts-saved = Gespeichert.
accounts-save = Speichern
accounts-confirm = Bestätigen
accounts-choose = Auswählen
accounts-search = Suchen
accounts-level-title = Vertrauensniveau dieser Anmeldung
accounts-level-text-basis = Wir wissen, dass die E-Mail-Adresse Ihnen gehört. Für Auskünfte aus Registern reicht das nicht.
accounts-level-text-vor-ort = Wir haben Ihren Ausweis im Bürgerbüro gesehen. Bescheinigungen schicken wir an Ihre gemeldete Anschrift.
accounts-level-text-substantiell = Sie haben sich mit einem sicheren Mittel angemeldet. Für manche Bescheinigungen brauchen Sie den Online-Ausweis.
accounts-level-text-hoch = Sie haben sich mit dem Online-Ausweis angemeldet. Alle Leistungen stehen Ihnen offen.
accounts-raise-title = Mehr online erledigen
accounts-raise-eid = Mit dem Online-Ausweis bekommen Sie Bescheinigungen sofort in Ihr Postfach. Das gilt jeweils für diese Anmeldung.
accounts-raise-onsite = Ohne Online-Ausweis: Lassen Sie Ihren Ausweis einmal im Bürgerbüro ansehen. Danach schicken wir Ihnen Bescheinigungen mit der Post.
accounts-raise-onsite-link = Prüfung vor Ort vorbereiten
accounts-raise-factor = Es fehlt noch ein zweiter Faktor
accounts-raise-factor-text = Die Prüfung vor Ort zählt erst, wenn Sie sich mit Passwort und Code aus einer App anmelden.
accounts-person-stated = Ihre eigenen Angaben vom { $date }
accounts-person-onsite = Vor Ort geprüft am { $date }
accounts-person-eid = Aus dem Online-Ausweis gelesen am { $date }
accounts-family-name = Familienname
accounts-given-names = Vornamen
accounts-birth-date = Geburtsdatum
accounts-birth-date-hint = Zum Beispiel 27 3 1985. Unbekannte Tage und Monate lassen Sie leer.
accounts-address = Anschrift
accounts-street = Straße und Hausnummer
accounts-postal-code = Postleitzahl
accounts-city = Ort
accounts-more-title = Weitere Einstellungen
accounts-name = Name
accounts-unit = Organisationseinheit
accounts-opened-on = Eröffnet am
accounts-email-title = E-Mail-Adresse ändern
accounts-email-text = Wir schicken einen Link an die neue Adresse. Sie gilt, sobald Sie ihn geöffnet haben.
accounts-email-new = Neue E-Mail-Adresse
accounts-email-send = Link schicken
accounts-mail-sent = Wir haben Ihnen eine E-Mail geschickt.
accounts-email-confirm-text = Ihre neue E-Mail-Adresse: { $email }
accounts-email-password-hint = Zur Sicherheit fragen wir noch einmal danach.
accounts-email-changed = Ihre neue E-Mail-Adresse gilt.
accounts-close-title = Konto schließen
accounts-close-text = Ihre Kontodaten werden gelöscht, und Sie können sich nicht mehr anmelden. Laufende Anträge bearbeiten wir weiter; Antworten kommen dann mit der Post.
accounts-close-yes = Konto schließen
accounts-closed = Ihr Konto ist geschlossen.

## Prüfung vor Ort

accounts-onsite-title = Ausweis vor Ort zeigen
accounts-onsite-text = Sie zeigen Ihren Ausweis in einem Bürgerbüro und nennen dort einen Code. So wissen wir, dass dieses Konto Ihnen gehört.
accounts-onsite-person-text = Schreiben Sie Ihre Daten so auf, wie sie im Ausweis stehen.
accounts-onsite-make-code = Speichern und Code anzeigen
accounts-onsite-code-title = Ihr Code für das Bürgerbüro
accounts-onsite-code-label = Nennen Sie ihn am Schalter
accounts-onsite-code-text =
    { $days ->
        [one] Der Code gilt einen Tag. Geben Sie ihn sonst niemandem.
       *[other] Der Code gilt { $days } Tage. Geben Sie ihn sonst niemandem.
    }
accounts-onsite-bring = Bringen Sie Ihren Personalausweis, Reisepass oder Aufenthaltstitel mit.
accounts-onsite-done = Vor Ort geprüft am { $date }: { $document }.
accounts-document-personalausweis = Personalausweis
accounts-document-reisepass = Reisepass
accounts-document-auslaendischer-ausweis = Ausweis oder Pass eines anderen Staates
accounts-document-aufenthaltstitel = Aufenthaltstitel

## Zweiter Faktor

accounts-factor = Zweiter Faktor
accounts-factor-title = Zweiter Faktor
accounts-factor-none = nicht eingerichtet
accounts-factor-since =
    { $codes ->
        [one] eingerichtet am { $date }, noch ein Wiederherstellungscode
       *[other] eingerichtet am { $date }, noch { $codes } Wiederherstellungscodes
    }
accounts-factor-text = Mit einem zweiten Faktor kann sich niemand anmelden, der nur Ihr Passwort kennt.
accounts-factor-step-app = Öffnen Sie auf Ihrem Telefon eine App für Einmalcodes (Authenticator).
accounts-factor-step-scan = Lesen Sie damit das Bild ein, oder tippen Sie den Schlüssel ab.
accounts-factor-step-type = Geben Sie hier den Code ein, den die App zeigt.
accounts-factor-qr = QR-Code mit dem Schlüssel; der Schlüssel steht auch als Text darunter
accounts-factor-secret = Schlüssel
accounts-factor-code = Code aus der App
accounts-factor-code-hint = 6 Ziffern
accounts-factor-current = Code des bisherigen zweiten Faktors
accounts-factor-finish = Einrichten
accounts-factor-set-up = Zweiten Faktor einrichten
accounts-factor-active = Der zweite Faktor ist eingerichtet.
accounts-factor-left =
    { $n ->
        [one] Sie haben noch einen Wiederherstellungscode.
       *[other] Sie haben noch { $n } Wiederherstellungscodes.
    }
accounts-factor-replace = Neues Telefon?
accounts-factor-remove = Zweiten Faktor entfernen
accounts-factor-remove-text = Danach genügt wieder das Passwort. „Vor Ort geprüft“ gilt dann nicht mehr.
accounts-factor-removed = Der zweite Faktor ist entfernt.
accounts-codes-title = Wiederherstellungscodes
accounts-codes-text = Bewahren Sie diese Codes sicher auf, am besten auf Papier. Jeder gilt einmal, wenn Ihr Telefon verloren geht. Wir zeigen sie nur jetzt.
accounts-codes-kept = Ich habe die Codes notiert
accounts-codes-renew = Neue Wiederherstellungscodes

## Sitzungen

accounts-sessions-title = Wo Sie angemeldet sind
accounts-sessions-text = Kennen Sie ein Gerät nicht? Melden Sie es ab und ändern Sie Ihr Passwort.
accounts-session-where = Browser
accounts-session-since = Angemeldet seit
accounts-session-seen = Zuletzt benutzt
accounts-session-action = Aktion
accounts-session-unknown = Unbekannter Browser
accounts-session-password = mit Passwort
accounts-session-eid = mit Online-Ausweis
accounts-session-here = Dieses Gerät
accounts-session-end = Abmelden
accounts-session-end-others = Alle anderen abmelden
accounts-session-ended = Abgemeldet.

## Abholcode

accounts-claim-title = Mit Code abholen
accounts-claim-text = Haben Sie ohne Konto einen Antrag gestellt? Mit dem Code aus der Bestätigung sehen Sie, wie weit er ist.
accounts-claim-code = Abholcode
accounts-claim-hint = 28 Zeichen in Vierergruppen. Groß- und Kleinschreibung ist egal.
accounts-claim-open = Vorgang öffnen

## Intern

accounts-staff-sign-in-title = Anmelden für Mitarbeitende
accounts-deputies-title = Vertretung
accounts-deputies-text = Wer Sie vertritt, darf an diesen Tagen, was Sie dürfen. Persönliche Rollen sind ausgenommen.
accounts-deputies-none = Es ist keine Vertretung eingetragen.
accounts-deputies-list = Eingetragene Vertretungen
accounts-deputy-new = Vertretung eintragen
accounts-deputy-absent = Abwesend
accounts-deputy = Vertretung durch
accounts-deputy-from = Erster Tag
accounts-deputy-to = Letzter Tag
accounts-deputy-save = Eintragen
accounts-deputy-saved = Die Vertretung ist eingetragen.
accounts-deputy-end = Beenden
accounts-deputy-ended = Die Vertretung ist beendet.
accounts-counter-title = Ausweis vor Ort prüfen
accounts-counter-text = Die Person nennt den Code aus ihrem Konto („Ausweis vor Ort zeigen“).
accounts-counter-code = Code aus dem Konto
accounts-counter-code-hint = 8 Zeichen
accounts-counter-account = Konto: { $label }
accounts-counter-compare = Vergleichen Sie Person und Ausweis, und berichtigen Sie die Angaben nach dem Ausweis. Die Nummer des Ausweises wird nicht gespeichert.
accounts-counter-document = Gezeigter Ausweis
accounts-counter-confirm = Person und Ausweis stimmen überein
accounts-counter-done = Die Prüfung ist eingetragen. Sie gilt ab der nächsten Anmeldung mit zweitem Faktor.
accounts-help-title = Anmeldehilfe
accounts-help-text = Hat jemand Telefon und Wiederherstellungscodes verloren? Prüfen Sie den Ausweis, und entfernen Sie dann den zweiten Faktor.
accounts-help-email-hint = Oder Familienname und Geburtsdatum
accounts-help-found =
    { $n ->
        [0] Kein Konto gefunden
        [one] Ein Konto gefunden
       *[other] { $n } Konten gefunden
    }
accounts-help-none = Zu diesen Angaben gibt es kein Konto.
accounts-help-reset = Zweiten Faktor entfernen
accounts-help-no-factor = Dieses Konto hat keinen zweiten Faktor.
accounts-help-done = Der zweite Faktor ist entfernt, und das Konto ist überall abgemeldet.

## Fehler an Feldern

accounts-error-required = Füllen Sie dieses Feld aus.
accounts-error-required-name = Geben Sie einen Namen ein.
accounts-error-required-login = Geben Sie einen Anmeldenamen ein.
accounts-error-required-email = Geben Sie eine E-Mail-Adresse ein.
accounts-error-required-password = Geben Sie ein Passwort ein.
accounts-error-claim-missing = Geben Sie den Abholcode ein.
accounts-error-choose = Wählen Sie etwas aus.
accounts-error-unknown = Wählen Sie etwas aus der Liste.
accounts-error-characters = Das enthält Zeichen, die hier nicht möglich sind.
accounts-error-too-long = Schreiben Sie höchstens { $max } Zeichen.
accounts-error-email-invalid = Die E-Mail-Adresse ist unvollständig. Sie sieht so aus: name@beispiel.de
accounts-error-search-too-wide = Geben Sie die E-Mail-Adresse ein, oder Familienname und Geburtsdatum.
accounts-error-date = Dieses Datum gibt es nicht. Zum Beispiel 27 3 1985.
accounts-error-before-start = Der letzte Tag liegt vor dem ersten.
accounts-error-in-the-past = Dieser Tag ist schon vorbei.
accounts-error-too-late = Eine Vertretung dauert höchstens { $days } Tage.
accounts-error-password-short = Ihr Passwort braucht mindestens { $min } Zeichen.
accounts-error-password-long = Dieses Passwort ist zu lang.
accounts-error-password-common = Dieses Passwort ist leicht zu erraten. Nehmen Sie zum Beispiel einen kurzen Satz.
accounts-error-password-wrong = Das Passwort stimmt nicht.
accounts-error-password-of-other-account = Für diese E-Mail-Adresse gibt es schon ein Konto mit diesem Passwort. Wählen Sie ein anderes.
accounts-error-code-wrong = Der Code stimmt nicht oder wurde schon benutzt. Warten Sie auf den nächsten.
accounts-error-code-unknown = Diesen Code gibt es nicht oder er gilt nicht mehr. Prüfen Sie jedes Zeichen.

## Absagen

refusal-sign-in-failed = Diese Angaben passen zu keinem Konto. Prüfen Sie beides, oder wählen Sie „Passwort vergessen“.
refusal-password-burnt = Jemand anderes kennt offenbar Ihr Passwort. Wählen Sie „Passwort vergessen“ und setzen Sie ein neues.
refusal-link-expired = Dieser Link oder Code gilt nicht mehr. Fordern Sie einen neuen an.
refusal-email-first = Geben Sie zuerst eine E-Mail-Adresse an.
refusal-factor-needed = Für Mitarbeitende ist der zweite Faktor vorgeschrieben. Sie können ihn nur ersetzen.
refusal-person-differs = Dieses Konto gehört nach dem Online-Ausweis einer anderen Person. Prüfen Sie die Angaben.
refusal-external-cancelled = Sie haben die Anmeldung abgebrochen.
refusal-external-failed = Die Anmeldung hat nicht geklappt. Versuchen Sie es noch einmal.
refusal-external-linked-elsewhere = Dieser Online-Ausweis gehört schon zu einem anderen Konto.
refusal-own-rights = Eigene Rechte ändert immer jemand anderes.

## E-Mails

accounts-mail-register-subject = Ihr Konto – { $city }
accounts-mail-register-text =
    { $existing ->
        [0] Guten Tag,

            Sie wollen ein Konto eröffnen. Öffnen Sie diese Seite und wählen Sie ein Passwort:
            { $link }
       *[other] Guten Tag,

            Sie wollen ein Konto eröffnen. Für diese E-Mail-Adresse gibt es schon ein Konto. Sie können ein weiteres eröffnen, zum Beispiel für eine andere Person:
            { $link }

            Haben Sie nur Ihr Passwort vergessen? Dann wählen Sie auf der Anmeldeseite „Passwort vergessen“.
    }
accounts-mail-reset-subject = Neues Passwort für Ihr Konto – { $city }
accounts-mail-reset-text =
    Guten Tag,

    auf dieser Seite wählen Sie ein neues Passwort:
    { $link }
accounts-mail-reset-unknown-subject = Ihre Anfrage – { $city }
accounts-mail-reset-unknown-text =
    Guten Tag,

    jemand wollte für diese E-Mail-Adresse ein neues Passwort. Für diese Adresse gibt es bei uns kein Konto. Vielleicht haben Sie eine andere angegeben. Hier können Sie ein Konto eröffnen:
    { $link }
accounts-mail-email-subject = Ihre neue E-Mail-Adresse – { $city }
accounts-mail-email-text =
    Guten Tag,

    bestätigen Sie auf dieser Seite Ihre neue E-Mail-Adresse:
    { $link }
accounts-mail-email-changed-subject = Ihre E-Mail-Adresse wurde geändert – { $city }
accounts-mail-email-changed-text =
    Guten Tag,

    Ihr Konto benutzt jetzt eine andere E-Mail-Adresse. Waren Sie das nicht? Dann rufen Sie uns an.
accounts-mail-password-changed-subject = Ihr Passwort wurde geändert – { $city }
accounts-mail-password-changed-text =
    Guten Tag,

    für Ihr Konto gilt ein neues Passwort. Waren Sie das nicht? Dann setzen Sie gleich ein anderes:
    { $link }
accounts-mail-staff-password-changed-subject = Ihr Passwort wurde geändert – { $city }
accounts-mail-staff-password-changed-text =
    Guten Tag,

    für Ihr Konto gilt ein neues Passwort. Waren Sie das nicht? Dann setzen Sie gleich ein anderes:
    { $link }
accounts-mail-staff-invitation-subject = Ihr dienstlicher Zugang – { $city }
accounts-mail-staff-invitation-text =
    Guten Tag,

    für Sie ist ein dienstlicher Zugang eingerichtet. Wählen Sie innerhalb von sieben Tagen Ihr Passwort:
    { $link }

    Geben Sie den Link nicht weiter. Arbeiten Sie nicht bei uns? Dann löschen Sie diese E-Mail.
accounts-mail-staff-password-subject = Neues Passwort für Ihren dienstlichen Zugang – { $city }
accounts-mail-staff-password-text =
    Guten Tag,

    auf dieser Seite wählen Sie ein neues Passwort für Ihren dienstlichen Zugang:
    { $link }
accounts-mail-foot = Haben Sie nichts angefordert? Dann müssen Sie nichts tun. Geben Sie den Link nicht weiter.
accounts-mail-city = { $city }

## Personal und Rollen

accounts-menu-people = Personal
accounts-people-title = Personal und Rollen
accounts-people-list = Personal der Stadt
accounts-people-none = Es ist noch niemand eingetragen.
accounts-people-new = Person hinzufügen
accounts-people-new-text = Die Person bekommt eine E-Mail mit einem Link, über den sie ihr Passwort wählt. Rollen geben Sie ihr danach.
accounts-people-login-hint = Kleine Buchstaben, Ziffern, Punkt und Strich, zum Beispiel mia.muster
accounts-people-add = Hinzufügen und einladen
accounts-people-added = Die Person ist eingetragen, die Einladung ist unterwegs. Geben Sie ihr jetzt Rollen.
accounts-people-state = Stand
accounts-people-active = im Dienst
accounts-people-left = ausgeschieden
accounts-people-roles = Rollen
accounts-people-no-roles = Diese Person hat noch keine Rolle und sieht deshalb keine Vorgänge.
accounts-people-role = Rolle
accounts-people-place = Wo
accounts-people-everywhere = in der ganzen Stadt
accounts-people-until = Letzter Tag (freiwillig)
accounts-people-until-hint = Ohne Datum gilt die Rolle, bis sie beendet wird.
accounts-people-give-title = Rolle geben
accounts-people-give = Rolle geben
accounts-people-given = Die Rolle gilt ab sofort.
accounts-people-end = Beenden
accounts-people-ended = Die Rolle ist beendet.
accounts-people-move-title = Organisationseinheit
accounts-people-move = Einheit ändern
accounts-people-moved = Die Organisationseinheit ist geändert.
accounts-people-access = Zugang
accounts-people-invite-text = Hat die Person ihr Passwort verloren oder ist die Einladung abgelaufen?
accounts-people-invite = Neue Einladung schicken
accounts-people-invited = Die Einladung ist unterwegs. Sie gilt sieben Tage.
accounts-people-leave-text = Wer ausscheidet, wird überall abgemeldet. Alle Rollen und Vertretungen ruhen.
accounts-people-leave = Als ausgeschieden eintragen
accounts-people-gone = Die Person ist als ausgeschieden eingetragen und abgemeldet.
accounts-people-back-text = Kommt die Person zurück, gelten ihre Rollen wieder.
accounts-people-return = Wieder in Dienst
accounts-people-back = Die Person ist wieder im Dienst.
accounts-error-taken = Diesen Anmeldenamen gibt es schon.

## Auskunft über gespeicherte Daten

accounts-table-identity-account = Konto
accounts-table-identity-person = Angaben zur Person
accounts-table-identity-external = Verknüpfte Anmeldung
accounts-table-identity-factor = Zweiter Faktor
accounts-table-identity-device = Bekannte Browser
accounts-table-identity-session = Sitzungen
accounts-table-identity-staff = Dienstlicher Zugang
accounts-table-identity-grant = Rollen
accounts-table-identity-deputy = Vertretungen
accounts-table-identity-access = Zugriffsklassen
accounts-field-label = Bezeichnung
accounts-field-email = E-Mail-Adresse
accounts-field-state = Stand
accounts-field-lang = Sprache
accounts-field-created-at = Angelegt
accounts-field-password-at = Passwort gesetzt
accounts-field-signed-in-on = Letzte Anmeldung
accounts-field-onsite-on = Vor Ort geprüft am
accounts-field-onsite-document = Vorgelegter Ausweis
accounts-field-onsite-unit = Geprüft von
accounts-field-source = Herkunft
accounts-field-level = Vertrauensniveau
accounts-field-data = Angaben
accounts-field-read-at = Übernommen
accounts-field-linked-at = Verknüpft
accounts-field-confirmed-at = Bestätigt
accounts-field-expires-at = Gültig bis
accounts-field-kind = Art
accounts-field-agent = Browser
accounts-field-seen-at = Zuletzt benutzt
accounts-field-ended-at = Beendet
accounts-field-login = Anmeldename
accounts-field-name = Name
accounts-field-unit = Organisationseinheit
accounts-field-role = Rolle
accounts-field-from-day = Von
accounts-field-to-day = Bis
accounts-field-absent = Abwesend (Kennung)
accounts-field-deputy = Vertretung (Kennung)
accounts-field-cls = Zugriffsklasse
accounts-value-state-active = aktiv
accounts-value-state-closed = geschlossen
accounts-value-lang-de = Deutsch
accounts-value-lang-en = Englisch
accounts-value-source-selbst = eigene Angabe
accounts-value-source-vor-ort = vor Ort geprüft
accounts-value-source-eid = Online-Ausweis
accounts-value-source-password = Passwort
accounts-value-kind-account = Konto
accounts-value-kind-case = Abholcode
accounts-value-kind-staff = dienstlich
identity-event-account-opened = Konto eröffnet
identity-event-account-closed = Konto geschlossen
identity-event-email-changed = E-Mail-Adresse geändert
identity-event-label-changed = Bezeichnung des Kontos geändert
identity-event-person-stated = Angaben zur Person gespeichert
identity-event-external-linked = Anmeldung verknüpft
identity-event-onsite-confirmed = Ausweis vor Ort geprüft
identity-event-onsite-withdrawn = Prüfung vor Ort zurückgenommen
identity-event-password-changed = Passwort geändert
identity-event-factor-added = Zweiter Faktor eingerichtet
identity-event-factor-removed = Zweiter Faktor entfernt
identity-event-recovery-codes-made = Wiederherstellungscodes erstellt
identity-event-recovery-code-used = Wiederherstellungscode benutzt
identity-event-session-started = Angemeldet
identity-event-session-ended = Abgemeldet
identity-event-claim-issued = Abholcode ausgegeben
identity-event-claims-revoked = Abholcode gesperrt
