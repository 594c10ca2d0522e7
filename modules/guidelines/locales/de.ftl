guidelines-menu = Richtlinien
guidelines-title = Richtlinien und Rechtskonzept
guidelines-text = Hier stehen die Regeln der Stadt für die Arbeit mit diesem Programm. Jede steht auch neben der Schaltfläche, für die sie gilt.
guidelines-none = Die Stadt hat hier noch keine Regeln hinterlegt.
guidelines-own = Meine Kenntnisnahmen (CSV)
guidelines-paragraph = Regel
guidelines-version-of = Fassung { $n }, gültig ab { $date }
guidelines-governs = Gilt für: { $buttons }
guidelines-to-come = gilt noch nicht
guidelines-acknowledged = Zur Kenntnis genommen
guidelines-done = Danke. Ihre Kenntnisnahme ist gespeichert.
guidelines-others = Andere Fassungen: { $title }
guidelines-button-records-close = Vorgang zu den Akten
guidelines-button-records-hold = Löschsperre
guidelines-button-records-delete = Löschlauf
guidelines-button-circulation-sign = Mitzeichnung in der Laufmappe
guidelines-button-disposal-offer = Anbietung an das Archiv
guidelines-counts-title = Kenntnisnahmen je Organisationseinheit
guidelines-counts-text = Sie sehen nur Zahlen je Organisationseinheit und nie, wer etwas zur Kenntnis genommen hat. Kleine Gruppen unter 5 Personen zeigen wir nicht (§ 72 LPVG NRW).
guidelines-counts-caption = { $title }, Fassung { $n }
guidelines-unit = Organisationseinheit
guidelines-people = Beschäftigte
guidelines-count = Zur Kenntnis genommen
guidelines-small = unter 5
guidelines-share-hidden = keine Angabe
guidelines-share-few = weniger als 5
guidelines-share-most = höchstens 4 fehlen
guidelines-share-count = { $n }

## Auskunft über gespeicherte Daten

guidelines-table-acknowledgement = Kenntnisnahmen
guidelines-field-paragraph = Regel (Schlüssel)
guidelines-field-version = Fassung
guidelines-field-at = Zeitpunkt
guidelines-event-acknowledged = Regel zur Kenntnis genommen
