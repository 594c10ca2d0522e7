guidelines-menu = Guidelines
guidelines-title = Guidelines and legal concept
guidelines-text = These are the city's rules for the work with this program. Each of them also stands beside the button that it governs.
guidelines-none = The city has put no rules here yet.
guidelines-own = My acknowledgements (CSV)
guidelines-paragraph = Rule
guidelines-version-of = Version { $n }, valid from { $date }
guidelines-governs = Governs: { $buttons }
guidelines-to-come = not in force yet
guidelines-acknowledged = Acknowledged
guidelines-done = Thank you. Your acknowledgement is stored.
guidelines-others = Other versions: { $title }
guidelines-button-records-close = Closing a case
guidelines-button-records-hold = Hold
guidelines-button-records-delete = Deletion run
guidelines-button-circulation-sign = Signing in a circulation folder
guidelines-button-disposal-offer = Offer to the archive
guidelines-counts-title = Acknowledgements by unit
guidelines-counts-text = You see numbers by organisation unit only, never who has acknowledged something. Groups of fewer than 5 people are not shown (§ 72 LPVG NRW).
guidelines-counts-caption = { $title }, version { $n }
guidelines-unit = Organisation unit
guidelines-people = Staff
guidelines-count = Acknowledged
guidelines-small = fewer than 5
guidelines-share-hidden = not said
guidelines-share-few = fewer than 5
guidelines-share-most = at most 4 are missing
guidelines-share-count = { $n }

## Data-subject access

guidelines-table-acknowledgement = Acknowledgements
guidelines-field-paragraph = Rule (key)
guidelines-field-version = Version
guidelines-field-at = When
guidelines-event-acknowledged = Rule acknowledged
