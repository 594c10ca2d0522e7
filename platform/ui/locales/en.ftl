### Texts of the layout and the components

## Header and footer

ui-skip = Skip to content
ui-demo = Demo city – nothing here is real
ui-official = Official website – { $city }
ui-internal = Staff
ui-languages = Language
ui-easy-language = Easy German
ui-sign-language = German sign language
ui-main-nav = Main menu
ui-menu = Menu
ui-footer-nav = Legal information and contact
ui-contact = Contact
ui-accessibility = Accessibility
ui-feedback = Report a barrier or fault
ui-privacy = Privacy
ui-imprint = Legal notice
ui-title-error = Error:

## Sign-in and session

ui-sign-in = Sign in
ui-sign-out = Sign out
ui-postbox = Postbox
ui-unread =
    { $n ->
        [one] unread message
       *[other] unread messages
    }
ui-level = Trust level:
ui-session-title = Are you still there?
ui-session-text = In two minutes we will sign you out so that nobody else sees your data.
ui-session-continue = Continue working
ui-session-ended = You have been signed out. Sign in again to continue.

## Components

ui-back = Back
ui-back-nav = Back to the previous page
ui-cancel = Cancel
ui-change = Change
ui-optional = (optional)
ui-error-prefix = Error:
ui-error-summary =
    { $n ->
        [one] One answer is missing or wrong
       *[other] { $n } answers are missing or wrong
    }
ui-tone =
    { $tone ->
        [success] Done:
        [warning] Warning:
        [danger] Error:
       *[info] Note:
    }
ui-day = Day
ui-month = Month
ui-year = Year
ui-step = Step { $n } of { $total }
ui-pages = Pages of the list
ui-page = Page
ui-page-previous = Previous
ui-page-next = Next
ui-timeline-open = (still to come)
ui-copy = Copy
ui-copied = Copied
ui-insert = Insert
ui-inserted = Inserted
ui-search = Search
ui-autosave-saved = Draft saved
ui-autosave-failed = The draft could not be saved. Your answers are still in the form.
ui-case-keys = Use shortcut keys N, J and K
ui-guideline = Rule: { $title }
ui-guideline-new = (new to you)
ui-guideline-source = { $source }, version { $n }
ui-guideline-all = All rules
ui-guideline-acknowledge = I have read it
