privacy-menu-own = My data
privacy-menu-case = Data access
privacy-menu-register = Processing
privacy-menu-deletion = Deletion run
privacy-yes = yes
privacy-no = no
privacy-own-title = My data
privacy-own-text = You have the right to know what we have stored about you (Art. 15 GDPR). Here you get it at once and free of charge.
privacy-own-content = You download a ZIP file. It holds a page to read, the same data as JSON for other programs, and your documents.
privacy-own-care = The file holds personal data. Save it only on a device that you trust.
privacy-own-download = Download my data
privacy-case-title = Data access
privacy-case-text = For people without an account: you get everything that is stored about one case.
privacy-case-care = Check first, then hand out
privacy-case-care-text = Check the identity document of the person. Look through the internal documents and black out what is about other people. The access is recorded.
privacy-case-number = File reference
privacy-case-number-hint = For example 33.20/2026/000042
privacy-case-unknown = There is no case with this reference that you may see.
privacy-case-download = Download the data
privacy-package-title = Your data
privacy-package-text = This is everything that we have stored about you and your cases. If something is wrong, write to us: you can ask us to correct it.
privacy-package-case = case { $number }
privacy-package-documents = Documents
privacy-package-no-documents = There are no documents.
privacy-package-too-large = The file is too large for this package. You find it in your case.
privacy-package-internal = This is an internal document. On request we hand it out after making data about other people unreadable.
privacy-package-journal = Log
privacy-package-journal-text = What happened in your account and your cases.
privacy-register-title = Record of processing activities
privacy-register-text = Record under Art. 30 GDPR. It is made from the forms and therefore agrees with what applicants read.
privacy-register-controller = Controller: { $who }
privacy-register-csv = Download as CSV file
privacy-register-none = There is no service with a form yet.
privacy-register-unit = Organisation unit
privacy-register-purpose = Purpose
privacy-register-basis = Legal basis
privacy-register-fields = Categories of data
privacy-register-special = Special categories (Art. 9 GDPR)
privacy-register-sources = Source
privacy-register-recipients = Recipients
privacy-register-retention = Kept after the end of the year in which the case was closed
privacy-register-drafts = Drafts that were not sent
privacy-register-automated = Automated decision
privacy-register-years = { $n ->
    [one] { $n } year
   *[other] { $n } years
}
privacy-register-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
privacy-deletion-title = Deletion run
privacy-deletion-text = The retention of these cases has ended. They have to be deleted unless they are still needed for another reason.
privacy-deletion-none = No case is waiting.
privacy-deletion-caption =
    { $n ->
        [one] One case
       *[other] { $shown } of { $n } cases
    }
privacy-deletion-number = File reference
privacy-deletion-subject = Subject
privacy-deletion-entry = Filing plan
privacy-deletion-from = May be deleted from
privacy-deletion-unseen = Not visible to you
privacy-deletion-hidden =
    { $n ->
        [one] One more case of the list is visible to its own office only
       *[other] { $n } more cases of the list are visible to their own office only
    }. Checking and releasing the list goes for them, too.
privacy-deletion-closed = Closed
privacy-deletion-years = Years
privacy-deletion-basis = Basis
privacy-deletion-final = Deleted cases do not come back
privacy-deletion-final-text =
    { $n ->
        [one] When you release, we delete one case that somebody else has checked, with all its documents
       *[other] When you release, we delete { $n } cases that somebody else has checked, with all their documents
    }. The log only says that something was deleted.
privacy-deletion-release = Release the checked cases for deletion
privacy-deletion-check = The cases shown may be deleted
privacy-deletion-unchecked =
    { $n ->
        [one] One case has not been checked
       *[other] { $n } cases have not been checked
    }. Deletion takes two people: one checks, another one releases.
privacy-deletion-checked = Checked. Now somebody else releases the deletion.
privacy-deletion-other = You have checked these cases. Somebody else has to release them.
privacy-deletion-released = Released. The cases are being deleted now.
privacy-deletion-nothing-fehler = The list has changed. Look through it again.
privacy-protocol-title = Log of deletions
privacy-protocol-none = Nothing has been deleted yet.
privacy-protocol-caption = The latest deletions
privacy-protocol-at = When
privacy-protocol-hash = Check value of the reference
privacy-protocol-rows = Rows
privacy-protocol-files = Files

## Export of a person's data

privacy-field-family-name = Family name
privacy-field-first-names = First names
privacy-field-given-names = Given names
privacy-field-birth-name = Birth name
privacy-field-birth-date = Date of birth
privacy-field-birth-place = Place of birth
privacy-field-address = Address
privacy-field-addresses = Addresses
privacy-field-former-addresses = Former addresses
privacy-field-street = Street
privacy-field-house-number = House number
privacy-field-addition = Addition
privacy-field-postal-code = Postcode
privacy-field-city = City
privacy-field-country = Country
privacy-field-moved-in = Moved in
privacy-field-moved-out = Moved out
privacy-field-email = E-mail address
privacy-field-provenance = Source
privacy-field-nationality = Nationality
privacy-field-marital-status = Marital status
privacy-field-religion = Religion
privacy-field-spouse = Spouse or partner
privacy-field-children = Children
privacy-field-representatives = Legal representatives
privacy-field-doctorate = Doctorate
privacy-field-name = Name
privacy-field-size = Size in bytes
privacy-field-media-type = File type
privacy-field-label = Label
privacy-field-title = Title
privacy-field-file = File (id)
privacy-field-id = Id
files-event-stored = File stored
files-event-infected = Malware found in a file
files-event-deleted = File deleted
privacy-event-exported = Data handed out
privacy-event-row-erased = Data erased
journal-event-erased = Data erased
