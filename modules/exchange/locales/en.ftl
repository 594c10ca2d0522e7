exchange-menu-import = Import
exchange-menu-export = Export
exchange-import-title = Take over files from another system
exchange-import-text = You take over a folder with files and a table. First you say what the columns mean, then the program checks every row, and then you start the import. You can repeat it: nothing is made twice.
exchange-no-folders = There is no folder
exchange-no-folders-text = Ask the operators of the program to lay the export folder on the server. The operations handbook says where.
exchange-choose = Please choose
exchange-source = Other system
exchange-source-hint = For each system the program remembers the mapping of the columns and the old ids.
exchange-source-new = New system
exchange-source-missing = Choose the system the files come from.
exchange-name = Name of the new system
exchange-name-hint = Only for a new system. For example: old DMS of the building office
exchange-name-missing = Enter the name of the new system.
exchange-folder = Folder
exchange-folder-hint = The folders that lie on the server
exchange-folder-missing = Choose the folder.
exchange-to-mapping = Continue to the mapping
exchange-runs = Checks and imports
exchange-runs-none = There is no check and no import yet.
exchange-col-started = Started
exchange-col-kind = Kind
exchange-col-state = State
exchange-col-rows = Rows
exchange-col-line = Line
exchange-col-field = Field
exchange-col-reason = Reason
exchange-col-file = File
exchange-col-case = Case
exchange-col-document = Document
exchange-col-date = Date
exchange-col-path = File name
exchange-kind-check = Check
exchange-kind-import = Import
exchange-state-running = running
exchange-state-stopped = stopped
exchange-state-failed = broken off
exchange-state-done = done
exchange-state-removed = removed
exchange-mapping-title = Mapping of the columns
exchange-mapping-text = Choose the column of the table for each field. A fixed value holds where the column is missing or empty. With "Preview" you see how the first rows are read.
exchange-table = Table
exchange-table-hint = Folder { $folder }, { $n } rows
exchange-table-of = { $table } in the folder { $folder }
exchange-table-fault = The table cannot be read yet
exchange-table-empty = There is no table in the folder, or it has no rows.
exchange-table-too-large = The table is too large. CSV may have 512 MB, XML 128 MB.
exchange-table-columns = The separator is not found. Enter it.
exchange-table-xml = The XML file cannot be read or the element of the rows is not found. Enter the name of the element.
exchange-separator = Separator
exchange-separator-hint = For CSV only. Empty: it is found. Tabulator: \t
exchange-element = Element of a row
exchange-element-hint = For XML only. Empty: the most frequent element
exchange-dates = How dates are written
exchange-dates-iso = YYYY-MM-DD
exchange-dates-german = DD.MM.YYYY
exchange-dates-day-first = DD/MM/YYYY
exchange-dates-month-first = MM/DD/YYYY
exchange-dates-digits = YYYYMMDD
exchange-column = Column
exchange-no-column = no column
exchange-column-missing = Choose a column here.
exchange-column-gone = The table has no column "{ $column }".
exchange-default = Fixed value
exchange-words = Translation
exchange-words-hint = One line per value: old value = new value
exchange-map-old-id = Old id of the document
exchange-map-version = Number of the version
exchange-map-file-number = Reference of the file
exchange-map-file-title = Title of the file
exchange-map-part-of = Reference of the file it is a part of
exchange-map-entry = Entry of the file plan
exchange-map-case-number = Reference of the case
exchange-map-case-title = Title of the case
exchange-map-closed = Day of closing
exchange-map-document-title = Title of the document
exchange-map-document-date = Date of the document
exchange-map-path = File name
exchange-map-checksum = Checksum (SHA-256 or MD5)
exchange-map-level = Confidentiality (normal, vertraulich, streng-vertraulich)
exchange-map-unit = Key of the organisation unit
exchange-preview = Preview
exchange-preview-title = The first rows as they are read
exchange-check = Save and check all rows
exchange-progress = { $n } of { $total } rows
exchange-running-text = You may leave this page. The work goes on, also after a restart of the program.
exchange-would-create = { $n ->
    [one] { $n } row would be new
   *[other] { $n } rows would be new
}
exchange-created = { $n ->
    [one] { $n } row made
   *[other] { $n } rows made
}
exchange-versions = { $n ->
    [one] { $n } row with changed content (new version)
   *[other] { $n } rows with changed content (new version)
}
exchange-unchanged = { $n ->
    [one] { $n } row unchanged
   *[other] { $n } rows unchanged
}
exchange-refused-n = { $n ->
    [one] { $n } row refused
   *[other] { $n } rows refused
}
exchange-reload = Load the state again
exchange-stop = Stop
exchange-go-on = Go on
exchange-start = Start the import
exchange-change-mapping = Change the mapping
exchange-refused = Refused rows
exchange-report = Download the report (CSV)
exchange-fault = The run has broken off
exchange-fault-table-changed = The table was changed since the beginning. Check the folder again.
exchange-fault-folder-gone = The folder or the table is no longer there.
exchange-fault-lost = The program failed several times while working on it. Go on with the run or ask whoever runs the program.
exchange-fault-table-empty = The table has no rows any more.
exchange-fault-table-too-large = The table is too large.
exchange-fault-table-columns = The table can no longer be read.
exchange-fault-table-xml = The table can no longer be read.
exchange-refused-columns = Wrong number of columns
exchange-refused-old-id = Old id is missing
exchange-refused-double = Old id occurs twice
exchange-refused-file-number = Reference of the file is missing
exchange-refused-long = Value is too long
exchange-refused-version = Number of the version is no number
exchange-refused-version-order = Older version stands behind a newer one
exchange-refused-entry = Entry is not in the file plan
exchange-refused-unit = Organisation unit is unknown or not yours
exchange-refused-unit-differs = Case belongs to another organisation unit
exchange-refused-level = Confidentiality is unknown
exchange-refused-stricter = Document is more confidential than its case
exchange-refused-date = Date cannot be read
exchange-refused-path = File name is missing or leads out of the folder
exchange-refused-missing = File is missing
exchange-refused-large = File is larger than 100 MB
exchange-refused-checksum = Checksum is wrong
exchange-refused-checksum-form = Checksum is neither SHA-256 nor MD5
exchange-refused-whole = The file it is a part of is not there
exchange-refused-closed = Case was closed here meanwhile
exchange-refused-moved = Document lies in another case
exchange-refused-erased = Already erased (disposal or deletion), not created again
exchange-erased-on = Already erased (disposal/deletion on { $day }), not created again
exchange-refused-file-empty = File is empty
exchange-refused-file-too-large = File is too large
exchange-refused-file-wrong-type = Files of this kind are not taken over
exchange-refused-file-suspicious = File pretends to be something else or has active content
exchange-refused-file-damaged = File is damaged
exchange-refused-file-too-many-pixels = Picture has too many pixels
exchange-export-title = Give out files
exchange-export-text = The program lays all files that you may see into a folder on the server: the documents, a table with checksums and a list of contents. Another city can take the folder over.
exchange-export-start = Start the export
exchange-exports-none = You have not given out anything yet.
exchange-given = { $files } files, { $cases } cases, { $documents } documents.
exchange-export-folder = Folder: { $folder }
exchange-export-failed = The export did not succeed. Start it again or ask the operators of the program.
exchange-export-again = Start again
exchange-contents = List of contents
exchange-remove = Delete the folder
exchange-done-export = The export is running. Load the page again after some time.
exchange-done-removed = The folder is deleted.
refusal-exchange-not-checked = The check is not finished yet. Wait for its end.
refusal-exchange-export-running = An export is running already. Wait for its end.
