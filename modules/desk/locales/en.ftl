desk-menu-tasks = Tasks
desk-menu-cases = Cases
desk-home-title = Desk
desk-home-mine = { $n ->
    [0] You have not claimed any task.
    [one] You have claimed one task.
   *[other] You have claimed { $n } tasks.
}
desk-home-free = { $n ->
    [0] Nothing is open in your area.
    [one] One task is free in your area.
   *[other] { $n } tasks are free in your area.
}
desk-home-other = Choose on the left what you want to work with.
desk-next = Next case
desk-next-key = The key “n” takes you to the next case from every page.
desk-nothing-left = Nothing is open any more.
desk-tasks-title = Tasks
desk-mine = My tasks ({ $n })
desk-mine-none = You have not claimed any task.
desk-free = Free tasks ({ $n })
desk-free-none = No free task.
desk-held = Tasks of others
desk-held-by = taken by { $name }
desk-take-over = Take over from { $name }
desk-late = Overdue
desk-due = due by { $date }
desk-claim = Claim
desk-release = Put back
desk-released = The task is free again.
desk-work = Work on it
desk-finish = Finish the decision
desk-finished = Done. The case goes on.
desk-claimed-by-other = Somebody else is working on this task.
desk-other-person = Another person than you decides here (four-eyes principle).
desk-media-break = This step happens in another system
desk-media-break-text = You transfer the data by hand. Only then is the step counted as a media break.
desk-cases-title = Cases
desk-cases-open = Show open cases
desk-cases-closed = Show closed cases
desk-cases-none = There is no case here.
desk-cases-caption = { $n ->
    [one] One case
   *[other] { $n } cases
}
desk-col-number = File reference
desk-col-title = Subject
desk-col-party = Applicant
desk-col-opened = Received
desk-col-status = State
desk-more = More cases
refusal-desk-four-eyes = Somebody else than the person of the step before has to do this task.
desk-search = Search for a case

## Export of a person's data

desk-table-item = Line in the list of cases
desk-table-task = Tasks
desk-field-number = File reference
desk-field-title = Title
desk-field-party = Person
desk-field-status = Status
desk-field-opened-at = Opened
desk-field-texts = Entered
desk-field-done-at = Done
desk-event-decided = Decision in a task
desk-event-taken-over = Task taken over
desk-event-task-done = Task done
