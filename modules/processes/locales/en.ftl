processes-menu = Processes
processes-title = Processes and incidents
processes-incidents = Incidents
processes-no-incidents = Everything is running. No process and no job is stuck.
processes-incident-job = The job { $work } failed at its last attempt too ({ $error }).
processes-hint = Remove the cause first, mostly another system that does not answer. Then choose “Try again”. You find details in the log of the program.
processes-stuck = Events that do not arrive
processes-stuck-hint = Meer tries again by itself every second. Look for “subscription” and the name in the log of the program, and remove the cause. If it is in the program, report the fault.
processes-stuck-line = Entry { $seq } of the journal ({ $event }) cannot be processed. What comes after it waits.
processes-retry = Try again
processes-retried = The step is being tried again.
processes-usage = Processes
processes-usage-caption = Running and finished processes
processes-process = Process
processes-running = running
processes-ended = finished

## Export of a person's data

processes-table-instance = Process
processes-table-timer = Timers of the process
processes-table-incident = Incidents of the process
processes-field-process = Process
processes-field-version = Version
processes-field-status = Status
processes-field-started-at = Started
processes-field-ended-at = Ended
processes-field-due = Due
processes-field-element = Step
processes-field-message = Message
processes-field-at = Time
processes-field-resolved-at = Resolved
processes-value-status-running = running
processes-value-status-completed = completed
processes-value-status-terminated = terminated
processes-event-task-finished = Step of the process finished
processes-event-task-failed = Step of the process failed
processes-event-ended = Process ended
