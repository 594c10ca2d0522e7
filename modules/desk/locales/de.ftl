desk-menu-tasks = Aufgaben
desk-menu-cases = Vorgänge
desk-home-title = Schreibtisch
desk-home-mine = { $n ->
    [0] Sie haben gerade keine Aufgabe übernommen.
    [one] Sie haben eine Aufgabe übernommen.
   *[other] Sie haben { $n } Aufgaben übernommen.
}
desk-home-free = { $n ->
    [0] In Ihrem Bereich ist nichts offen.
    [one] In Ihrem Bereich ist eine Aufgabe frei.
   *[other] In Ihrem Bereich sind { $n } Aufgaben frei.
}
desk-home-other = Wählen Sie links, womit Sie arbeiten möchten.
desk-next = Nächster Vorgang
desk-next-key = Mit der Taste „n“ kommen Sie von jeder Seite zum nächsten Vorgang.
desk-nothing-left = Es ist nichts mehr offen.
desk-tasks-title = Aufgaben
desk-mine = Meine Aufgaben ({ $n })
desk-mine-none = Sie haben keine Aufgabe übernommen.
desk-free = Freie Aufgaben ({ $n })
desk-free-none = Keine freie Aufgabe.
desk-held = Aufgaben anderer
desk-held-by = übernommen von { $name }
desk-take-over = Von { $name } übernehmen
desk-late = Überfällig
desk-due = fällig bis { $date }
desk-claim = Übernehmen
desk-release = Zurücklegen
desk-released = Die Aufgabe ist wieder frei.
desk-work = Bearbeiten
desk-finish = Entscheidung abschließen
desk-finished = Erledigt. Der Vorgang geht weiter.
desk-claimed-by-other = Jemand anderes bearbeitet diese Aufgabe.
desk-other-person = Hier entscheidet eine andere Person als Sie (Vier-Augen-Prinzip).
desk-media-break = Dieser Schritt geschieht in einem anderen System
desk-media-break-text = Sie übertragen die Angaben von Hand. Nur dann wird der Schritt als Medienbruch gezählt.
desk-cases-title = Vorgänge
desk-cases-open = Offene Vorgänge zeigen
desk-cases-closed = Erledigte Vorgänge zeigen
desk-cases-none = Hier ist kein Vorgang.
desk-cases-caption = { $n ->
    [one] Ein Vorgang
   *[other] { $n } Vorgänge
}
desk-col-number = Aktenzeichen
desk-col-title = Betreff
desk-col-party = Antragstellende Person
desk-col-opened = Eingang
desk-col-status = Stand
desk-more = Weitere Vorgänge
refusal-desk-four-eyes = Diese Aufgabe muss jemand anderes erledigen als die Person, die den Schritt davor gemacht hat.
desk-search = Vorgang suchen

## Auskunft über gespeicherte Daten

desk-table-item = Eintrag in der Vorgangsliste
desk-table-task = Aufgaben
desk-field-number = Aktenzeichen
desk-field-title = Titel
desk-field-party = Person
desk-field-status = Stand
desk-field-opened-at = Begonnen
desk-field-texts = Eingetragen
desk-field-done-at = Erledigt
desk-event-decided = Entscheidung in einer Aufgabe
desk-event-taken-over = Aufgabe übernommen
desk-event-task-done = Aufgabe erledigt
