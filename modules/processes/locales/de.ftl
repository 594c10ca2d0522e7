processes-menu = Prozesse
processes-title = Prozesse und Störungen
processes-incidents = Störungen
processes-no-incidents = Alles läuft. Kein Prozess und kein Auftrag hängt fest.
processes-incident-job = Der Auftrag { $work } ist auch beim letzten Versuch gescheitert ({ $error }).
processes-hint = Beheben Sie zuerst die Ursache, meist eine Gegenstelle, die nicht antwortet. Wählen Sie dann „Noch einmal versuchen“. Einzelheiten stehen im Protokoll des Programms.
processes-stuck = Ereignisse, die nicht ankommen
processes-stuck-hint = Meer versucht es jede Sekunde von selbst noch einmal. Suchen Sie im Protokoll des Programms nach „subscription“ und dem Namen, und beheben Sie die Ursache. Liegt sie im Programm, melden Sie den Fehler.
processes-stuck-line = Eintrag { $seq } im Journal ({ $event }) lässt sich nicht verarbeiten. Was danach kommt, wartet.
processes-retry = Noch einmal versuchen
processes-retried = Der Schritt wird noch einmal versucht.
processes-usage = Prozesse
processes-usage-caption = Laufende und beendete Prozesse
processes-process = Prozess
processes-running = laufend
processes-ended = beendet

## Auskunft über gespeicherte Daten

processes-table-instance = Prozess
processes-table-timer = Fristen im Prozess
processes-table-incident = Störungen im Prozess
processes-field-process = Prozess
processes-field-version = Fassung
processes-field-status = Stand
processes-field-started-at = Begonnen
processes-field-ended-at = Beendet
processes-field-due = Fällig
processes-field-element = Schritt
processes-field-message = Meldung
processes-field-at = Zeitpunkt
processes-field-resolved-at = Behoben
processes-value-status-running = läuft
processes-value-status-completed = beendet
processes-value-status-terminated = abgebrochen
processes-event-task-finished = Schritt des Prozesses erledigt
processes-event-task-failed = Schritt des Prozesses fehlgeschlagen
processes-event-ended = Prozess beendet
