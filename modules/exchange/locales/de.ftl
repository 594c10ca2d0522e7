exchange-menu-import = Übernahme
exchange-menu-export = Ausgabe
exchange-import-title = Akten aus einem anderen System übernehmen
exchange-import-text = Sie übernehmen einen Ordner mit Dateien und einer Tabelle. Erst sagen Sie, was die Spalten bedeuten, dann prüft das Programm jede Zeile, und danach starten Sie die Übernahme. Sie können sie wiederholen: Nichts wird doppelt angelegt.
exchange-no-folders = Es liegt kein Ordner bereit
exchange-no-folders-text = Bitten Sie die Betreuung des Programms, den Ordner der Ausleitung auf den Server zu legen. Wohin, steht im Betriebshandbuch.
exchange-choose = Bitte wählen
exchange-source = Anderes System
exchange-source-hint = Für jedes System merkt sich das Programm die Zuordnung der Spalten und die alten Kennungen.
exchange-source-new = Neues System
exchange-source-missing = Wählen Sie das System, aus dem die Akten kommen.
exchange-name = Name des neuen Systems
exchange-name-hint = Nur bei einem neuen System. Zum Beispiel: altes DMS Bauamt
exchange-name-missing = Geben Sie den Namen des neuen Systems ein.
exchange-folder = Ordner
exchange-folder-hint = Die Ordner, die auf dem Server bereitliegen
exchange-folder-missing = Wählen Sie den Ordner.
exchange-to-mapping = Weiter zur Zuordnung
exchange-runs = Prüfungen und Übernahmen
exchange-runs-none = Es gibt noch keine Prüfung und keine Übernahme.
exchange-col-started = Begonnen
exchange-col-kind = Art
exchange-col-state = Stand
exchange-col-rows = Zeilen
exchange-col-line = Zeile
exchange-col-field = Angabe
exchange-col-reason = Grund
exchange-col-file = Akte
exchange-col-case = Vorgang
exchange-col-document = Dokument
exchange-col-date = Datum
exchange-col-path = Datei
exchange-kind-check = Prüfung
exchange-kind-import = Übernahme
exchange-state-running = läuft
exchange-state-stopped = angehalten
exchange-state-failed = abgebrochen
exchange-state-done = fertig
exchange-state-removed = entfernt
exchange-mapping-title = Zuordnung der Spalten
exchange-mapping-text = Wählen Sie zu jeder Angabe die Spalte der Tabelle. Ein fester Wert gilt, wo die Spalte fehlt oder leer ist. Mit „Vorschau“ sehen Sie, wie die ersten Zeilen gelesen werden.
exchange-table = Tabelle
exchange-table-hint = Ordner { $folder }, { $n } Zeilen
exchange-table-of = { $table } im Ordner { $folder }
exchange-table-fault = Die Tabelle ist noch nicht lesbar
exchange-table-empty = Im Ordner liegt keine Tabelle, oder sie hat keine Zeilen.
exchange-table-too-large = Die Tabelle ist zu groß. CSV darf 512 MB haben, XML 128 MB.
exchange-table-columns = Das Trennzeichen ist nicht zu erkennen. Geben Sie es an.
exchange-table-xml = Die XML-Datei ist nicht lesbar oder das Element der Zeilen ist nicht zu finden. Geben Sie den Namen des Elements an.
exchange-separator = Trennzeichen
exchange-separator-hint = Nur bei CSV. Leer: wird erkannt. Tabulator: \t
exchange-element = Element einer Zeile
exchange-element-hint = Nur bei XML. Leer: das häufigste Element
exchange-dates = Schreibweise von Daten
exchange-dates-iso = JJJJ-MM-TT
exchange-dates-german = TT.MM.JJJJ
exchange-dates-day-first = TT/MM/JJJJ
exchange-dates-month-first = MM/TT/JJJJ
exchange-dates-digits = JJJJMMTT
exchange-column = Spalte
exchange-no-column = keine Spalte
exchange-column-missing = Wählen Sie hier eine Spalte.
exchange-column-gone = Die Tabelle hat keine Spalte „{ $column }“.
exchange-default = Fester Wert
exchange-words = Übersetzung
exchange-words-hint = Eine Zeile je Wert: alter Wert = neuer Wert
exchange-map-old-id = Alte Kennung des Dokuments
exchange-map-version = Nummer der Fassung
exchange-map-file-number = Aktenzeichen der Akte
exchange-map-file-title = Titel der Akte
exchange-map-part-of = Aktenzeichen der Akte, zu der sie gehört
exchange-map-entry = Kennzeichen im Aktenplan
exchange-map-case-number = Aktenzeichen des Vorgangs
exchange-map-case-title = Titel des Vorgangs
exchange-map-closed = Tag der zdA-Verfügung
exchange-map-document-title = Titel des Dokuments
exchange-map-document-date = Datum des Dokuments
exchange-map-path = Datei
exchange-map-checksum = Prüfsumme (SHA-256 oder MD5)
exchange-map-level = Vertraulichkeit (normal, vertraulich, streng-vertraulich)
exchange-map-unit = Kennung der Organisationseinheit
exchange-preview = Vorschau
exchange-preview-title = So werden die ersten Zeilen gelesen
exchange-check = Speichern und alle Zeilen prüfen
exchange-progress = { $n } von { $total } Zeilen
exchange-running-text = Sie können diese Seite verlassen. Die Arbeit geht weiter, auch nach einem Neustart des Programms.
exchange-would-create = { $n ->
    [one] { $n } Zeile würde neu angelegt
   *[other] { $n } Zeilen würden neu angelegt
}
exchange-created = { $n ->
    [one] { $n } Zeile neu angelegt
   *[other] { $n } Zeilen neu angelegt
}
exchange-versions = { $n ->
    [one] { $n } Zeile mit geändertem Inhalt (neue Fassung)
   *[other] { $n } Zeilen mit geändertem Inhalt (neue Fassung)
}
exchange-unchanged = { $n ->
    [one] { $n } Zeile unverändert
   *[other] { $n } Zeilen unverändert
}
exchange-refused-n = { $n ->
    [one] { $n } Zeile abgelehnt
   *[other] { $n } Zeilen abgelehnt
}
exchange-reload = Stand neu laden
exchange-stop = Anhalten
exchange-go-on = Fortsetzen
exchange-start = Übernahme starten
exchange-change-mapping = Zuordnung ändern
exchange-refused = Abgelehnte Zeilen
exchange-report = Bericht herunterladen (CSV)
exchange-fault = Der Lauf ist abgebrochen
exchange-fault-table-changed = Die Tabelle wurde seit dem Beginn geändert. Prüfen Sie den Ordner von Neuem.
exchange-fault-folder-gone = Der Ordner oder die Tabelle ist nicht mehr da.
exchange-fault-lost = Das Programm ist dabei mehrmals ausgefallen. Setzen Sie den Lauf fort oder fragen Sie die Betreuung des Programms.
exchange-fault-table-empty = Die Tabelle hat keine Zeilen mehr.
exchange-fault-table-too-large = Die Tabelle ist zu groß.
exchange-fault-table-columns = Die Tabelle ist nicht mehr lesbar.
exchange-fault-table-xml = Die Tabelle ist nicht mehr lesbar.
exchange-refused-columns = Zahl der Spalten stimmt nicht
exchange-refused-old-id = Alte Kennung fehlt
exchange-refused-double = Alte Kennung kommt zweimal vor
exchange-refused-file-number = Aktenzeichen der Akte fehlt
exchange-refused-long = Wert ist zu lang
exchange-refused-version = Nummer der Fassung ist keine Zahl
exchange-refused-version-order = Ältere Fassung steht nach einer neueren
exchange-refused-entry = Kennzeichen steht nicht im Aktenplan
exchange-refused-unit = Organisationseinheit ist unbekannt oder nicht Ihre
exchange-refused-unit-differs = Vorgang gehört einer anderen Organisationseinheit
exchange-refused-level = Vertraulichkeit ist unbekannt
exchange-refused-stricter = Dokument ist vertraulicher als sein Vorgang
exchange-refused-date = Datum ist nicht lesbar
exchange-refused-path = Dateiname fehlt oder führt aus dem Ordner
exchange-refused-missing = Datei fehlt
exchange-refused-large = Datei ist größer als 100 MB
exchange-refused-checksum = Prüfsumme stimmt nicht
exchange-refused-checksum-form = Prüfsumme ist weder SHA-256 noch MD5
exchange-refused-whole = Akte, zu der sie gehört, ist nicht da
exchange-refused-closed = Vorgang wurde hier inzwischen geschlossen
exchange-refused-moved = Dokument liegt in einem anderen Vorgang
exchange-refused-erased = Bereits gelöscht (Aussonderung oder Löschung), nicht wieder angelegt
exchange-erased-on = Bereits gelöscht (Aussonderung/Löschung am { $day }), nicht wieder angelegt
exchange-refused-file-empty = Datei ist leer
exchange-refused-file-too-large = Datei ist zu groß
exchange-refused-file-wrong-type = Art der Datei wird nicht übernommen
exchange-refused-file-suspicious = Datei gibt sich als etwas anderes aus oder enthält aktive Inhalte
exchange-refused-file-damaged = Datei ist beschädigt
exchange-refused-file-too-many-pixels = Bild hat zu viele Bildpunkte
exchange-export-title = Akten ausgeben
exchange-export-text = Das Programm legt alle Akten, die Sie sehen dürfen, in einen Ordner auf dem Server: die Dokumente, eine Tabelle mit Prüfsummen und ein Inhaltsverzeichnis. Eine andere Stadt kann den Ordner übernehmen.
exchange-export-start = Ausgabe starten
exchange-exports-none = Sie haben noch nichts ausgegeben.
exchange-given = { $files } Akten, { $cases } Vorgänge, { $documents } Dokumente.
exchange-export-folder = Ordner: { $folder }
exchange-export-failed = Die Ausgabe ist nicht gelungen. Starten Sie sie noch einmal oder fragen Sie die Betreuung des Programms.
exchange-export-again = Noch einmal starten
exchange-contents = Inhaltsverzeichnis
exchange-remove = Ordner löschen
exchange-done-export = Die Ausgabe läuft. Laden Sie die Seite nach einiger Zeit neu.
exchange-done-removed = Der Ordner ist gelöscht.
refusal-exchange-not-checked = Die Prüfung ist noch nicht fertig. Warten Sie ihr Ende ab.
refusal-exchange-export-running = Es läuft schon eine Ausgabe. Warten Sie ihr Ende ab.
