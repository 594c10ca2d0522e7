processes-menu = Processes
processes-title = Processes and incidents
processes-incidents = Incidents
processes-no-incidents = Everything is running. No process and no job is stuck.
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
