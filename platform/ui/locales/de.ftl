### Texte von Layout und Bausteinen

## Kopf und Fuß

ui-skip = Zum Inhalt springen
ui-demo = Demo-Stadt – nichts hier ist echt
ui-official = Offizielle Website – { $city }
ui-internal = Intern
ui-languages = Sprache
ui-easy-language = Leichte Sprache
ui-sign-language = Gebärdensprache
ui-main-nav = Hauptmenü
ui-menu = Menü
ui-footer-nav = Rechtliches und Kontakt
ui-contact = Kontakt
ui-accessibility = Barrierefreiheit
ui-feedback = Barriere oder Fehler melden
ui-privacy = Datenschutz
ui-imprint = Impressum
ui-title-error = Fehler:

## Anmeldung und Sitzung

ui-sign-in = Anmelden
ui-sign-out = Abmelden
ui-postbox = Postfach
ui-unread =
    { $n ->
        [one] ungelesene Nachricht
       *[other] ungelesene Nachrichten
    }
ui-level = Vertrauensniveau:
ui-session-title = Sind Sie noch da?
ui-session-text = In zwei Minuten melden wir Sie ab, damit niemand sonst Ihre Daten sieht.
ui-session-continue = Weiter arbeiten
ui-session-ended = Sie wurden abgemeldet. Melden Sie sich wieder an, um weiterzumachen.

## Bausteine

ui-back = Zurück
ui-back-nav = Zurück zur vorigen Seite
ui-cancel = Abbrechen
ui-change = Ändern
ui-optional = (freiwillig)
ui-error-prefix = Fehler:
ui-error-summary =
    { $n ->
        [one] Eine Angabe fehlt oder stimmt nicht
       *[other] { $n } Angaben fehlen oder stimmen nicht
    }
ui-tone =
    { $tone ->
        [success] Erfolg:
        [warning] Achtung:
        [danger] Fehler:
       *[info] Hinweis:
    }
ui-day = Tag
ui-month = Monat
ui-year = Jahr
ui-step = Schritt { $n } von { $total }
ui-pages = Seiten der Liste
ui-page = Seite
ui-page-previous = Vorige
ui-page-next = Nächste
ui-timeline-open = (steht noch aus)
ui-copy = Kopieren
ui-copied = Kopiert
ui-insert = Einfügen
ui-inserted = Eingefügt
ui-search = Suchen
ui-autosave-saved = Entwurf gespeichert
ui-autosave-failed = Der Entwurf konnte nicht gespeichert werden. Ihre Angaben stehen noch im Formular.
ui-case-keys = Tastenkürzel N, J und K nutzen
ui-guideline = Regel: { $title }
ui-guideline-new = (neu für Sie)
ui-guideline-source = { $source }, Fassung { $n }
ui-guideline-all = Alle Regeln
ui-guideline-acknowledge = Zur Kenntnis genommen
