### Sign-in, account, deputies

## Menu

accounts-menu-account = My account
accounts-menu-claim = Collect with a code
accounts-menu-counter = Check in person
accounts-menu-help = Sign-in help
accounts-menu-deputies = Deputies

## Trust level

level-basis = Basic
level-vor-ort = Checked in person
level-substantiell = Substantial
level-hoch = High
level-header-basis = signed in with a password
level-header-vor-ort = checked in person
level-header-substantiell = signed in securely
level-header-hoch = signed in with ID card

## Sign-in

accounts-sign-in-title = Sign in
accounts-sign-in-text = Sign in with your e-mail address. Do you share it with somebody? Your password leads to your own account.
accounts-with-password = With e-mail address and password
accounts-sign-in = Sign in
accounts-signed-in-as = You are signed in: { $name }. Some services need a higher trust level, for example with the online ID card.
accounts-email = E-mail address
accounts-password = Password
accounts-login = User name
accounts-no-account = Open an account
accounts-forgotten = Forgotten password
accounts-have-claim = I have a claim code
accounts-have-account = I have an account
accounts-eid-title = With the online ID card
accounts-eid-text = Identity card, residence permit or eID card with PIN. This way you get many certificates at once.
accounts-eid-raise-text = Identity card, residence permit or eID card with PIN. An application you have begun goes on afterwards. To tie the card to the account “{ $name }” for good, go to “My account”.
accounts-eid-button = Sign in with the online ID card
accounts-eid-link-button = Connect the online ID card with this account
accounts-eid-unreachable-fehler = The service for the online ID card does not answer at the moment. Try again in a few minutes.
accounts-eid-cancelled-fehler = You cancelled signing in with the online ID card.
accounts-eid-elsewhere-fehler = This online ID card belongs to another account already. Sign out, then sign in with the online ID card.
accounts-eid-differs-fehler = The online ID card belongs to another person than the account you are signed in with. Sign out first.
accounts-eid-failed-fehler = Signing in with the online ID card did not work. Try again.
accounts-step-expired-fehler = That took too long, or the code was wrong too often. Sign in again.
accounts-continue = Continue
accounts-code-title = Enter the code
accounts-code-text = Open the app for the second factor on your phone.
accounts-code = Code from the app
accounts-code-hint = 6 digits. Lost your phone? Enter one of your recovery codes.
accounts-wait =
    { $seconds ->
        [one] That was too many attempts. Wait one second, then try again.
       *[other] That was too many attempts. Wait { $seconds } seconds, then try again.
    }
accounts-signed-out = You are signed out.

## Opening an account

accounts-register-title = Open an account
accounts-register-text = With an account you see at any time how far your applications are, and you get decisions in your postbox.
accounts-register-hint = We send a link there. You can use the same address for several accounts.
accounts-register-send = Send link
accounts-mail-sent-title = Look into your mailbox
accounts-register-sent =
    { $hours ->
       *[other] We have sent you a link. It is good for { $hours } hours.
    }
accounts-mail-none = No e-mail? Look into your spam folder, or try again in an hour.
accounts-register-for = Your e-mail address { $email } is confirmed. Choose a password.
accounts-register-existing =
    { $n ->
        [one] There is an account for this address already. You can open another one, for example for another person. It needs another password.
       *[other] There are { $n } accounts for this address already. You can open another one, for example for another person. It needs another password.
    }
accounts-register-finish = Open account
accounts-opened = Your account is open, and you are signed in.
accounts-password-new = New password
accounts-password-rules = At least { $min } characters. A short sentence is easy to remember.
accounts-label = Name of the account
accounts-label-optional = Name of the account
accounts-label-hint = So you find your account when several people share an address, for example your first name. Without a name we take the e-mail address.
accounts-label-title = Change the name of the account
accounts-label-text = The name stands at the top of every page. It helps when several people share an e-mail address.
accounts-link-expired-title = This link is no longer good
accounts-link-expired-text = It was used already or is too old. Have a new one sent to you.
accounts-link-again = Ask for a new link

## Password

accounts-forgotten-title = Forgotten password
accounts-forgotten-text = We send you a link with which you choose a new password.
accounts-forgotten-send = Send link
accounts-forgotten-sent = We have sent an e-mail. The link in it is good for { $minutes } minutes.
accounts-staff-forgotten-text = We send a link to your work e-mail address.
accounts-staff-forgotten-sent = If this user name exists, an e-mail is on its way. The link in it is good for { $minutes } minutes.
accounts-reset-title = Choose a new password
accounts-reset-text = You will be signed out everywhere and sign in with the new password.
accounts-staff-reset-text = New password for { $login }. Then sign in with it.
accounts-reset-which = For which account?
accounts-reset-choice = opened on { $opened }
accounts-reset-choice-used = opened on { $opened }, last used on { $used }
accounts-password-save = Save password
accounts-password-saved = Your new password is in use. Sign in with it.
accounts-password-title = Change password
accounts-password-change-text = You will be signed out on all other devices.
accounts-password-old = Present password
accounts-password-changed = Your new password is in use.
accounts-password-set = set
accounts-password-none = none yet; you sign in with the online ID card

## Account

accounts-account-title = My account
accounts-account-data = Account data
accounts-no-email = none; without an address you get no notices by e-mail
accounts-saved = Saved.
accounts-save = Save
accounts-confirm = Confirm
accounts-choose = Choose
accounts-search = Search
accounts-level-title = Trust level of this sign-in
accounts-level-text-basis = We know that the e-mail address is yours. That is not enough for information from registers.
accounts-level-text-vor-ort = We have seen your identity document at a citizens' office. We send certificates to your registered address.
accounts-level-text-substantiell = You signed in with a secure means. Some certificates need the online ID card.
accounts-level-text-hoch = You signed in with the online ID card. All services are open to you.
accounts-raise-title = Do more online
accounts-raise-eid = With the online ID card you get certificates in your postbox at once. It counts for this sign-in.
accounts-raise-onsite = Without an online ID card: show your identity document once at a citizens' office. We then send certificates by post.
accounts-raise-onsite-link = Prepare the check in person
accounts-raise-factor = A second factor is missing
accounts-raise-factor-text = The check in person counts once you sign in with password and a code from an app.
accounts-person-stated = What you told us on { $date }
accounts-person-onsite = Checked in person on { $date }
accounts-person-eid = Read from the online ID card on { $date }
accounts-family-name = Family name
accounts-given-names = First names
accounts-birth-date = Date of birth
accounts-birth-date-hint = For example 27 3 1985. Leave unknown days and months empty.
accounts-address = Address
accounts-street = Street and house number
accounts-postal-code = Postal code
accounts-city = Town
accounts-more-title = More settings
accounts-name = Name
accounts-unit = Unit
accounts-opened-on = Opened on
accounts-email-title = Change e-mail address
accounts-email-text = We send a link to the new address. It counts once you have opened the link.
accounts-email-new = New e-mail address
accounts-email-send = Send link
accounts-mail-sent = We have sent you an e-mail.
accounts-email-confirm-text = Your new e-mail address: { $email }
accounts-email-password-hint = For security we ask for it once more.
accounts-email-changed = Your new e-mail address is in use.
accounts-close-title = Close account
accounts-close-text = Your account data will be deleted, and you can no longer sign in. We go on working on your applications; answers then come by post.
accounts-close-yes = Close account
accounts-closed = Your account is closed.

## Check in person

accounts-onsite-title = Show your identity document in person
accounts-onsite-text = You show your identity document at a citizens' office and tell a code there. So we know that this account is yours.
accounts-onsite-person-text = Write your data as they stand in the document.
accounts-onsite-make-code = Save and show code
accounts-onsite-code-title = Your code for the citizens' office
accounts-onsite-code-label = Tell it at the counter
accounts-onsite-code-text =
    { $days ->
        [one] The code is good for one day. Give it to nobody else.
       *[other] The code is good for { $days } days. Give it to nobody else.
    }
accounts-onsite-bring = Bring your identity card, passport or residence permit.
accounts-onsite-done = Checked in person on { $date }: { $document }.
accounts-document-personalausweis = Identity card
accounts-document-reisepass = Passport
accounts-document-auslaendischer-ausweis = Identity card or passport of another state
accounts-document-aufenthaltstitel = Residence permit

## Second factor

accounts-factor = Second factor
accounts-factor-title = Second factor
accounts-factor-none = not set up
accounts-factor-since =
    { $codes ->
        [one] set up on { $date }, one recovery code left
       *[other] set up on { $date }, { $codes } recovery codes left
    }
accounts-factor-text = With a second factor nobody who only knows your password can sign in.
accounts-factor-step-app = Open an app for one-time codes (authenticator) on your phone.
accounts-factor-step-scan = Scan the picture with it, or type the key.
accounts-factor-step-type = Enter the code that the app shows.
accounts-factor-qr = QR code with the key; the key also stands below as text
accounts-factor-secret = Key
accounts-factor-code = Code from the app
accounts-factor-code-hint = 6 digits
accounts-factor-current = Code of the present second factor
accounts-factor-finish = Set up
accounts-factor-set-up = Set up a second factor
accounts-factor-active = The second factor is set up.
accounts-factor-left =
    { $n ->
        [one] You have one recovery code left.
       *[other] You have { $n } recovery codes left.
    }
accounts-factor-replace = A new phone?
accounts-factor-remove = Remove the second factor
accounts-factor-remove-text = Then the password alone is enough again. "Checked in person" no longer counts.
accounts-factor-removed = The second factor is removed.
accounts-codes-title = Recovery codes
accounts-codes-text = Keep these codes safe, best on paper. Each is good once when your phone is lost. We show them only now.
accounts-codes-kept = I have noted the codes
accounts-codes-renew = New recovery codes

## Sessions

accounts-sessions-title = Where you are signed in
accounts-sessions-text = Is there a device you do not know? Sign it out and change your password.
accounts-session-where = Browser
accounts-session-since = Signed in since
accounts-session-seen = Last used
accounts-session-action = Action
accounts-session-unknown = Unknown browser
accounts-session-password = with password
accounts-session-eid = with online ID card
accounts-session-here = This device
accounts-session-end = Sign out
accounts-session-end-others = Sign out all others
accounts-session-ended = Signed out.

## Claim code

accounts-claim-title = Collect with a code
accounts-claim-text = Did you apply without an account? With the code from the confirmation you see how far your application is.
accounts-claim-code = Claim code
accounts-claim-hint = 28 characters in groups of four. Capital or small letters do not matter.
accounts-claim-open = Open application

## Internal

accounts-staff-sign-in-title = Sign in for staff
accounts-deputies-title = Deputies
accounts-deputies-text = Whoever represents you may do on these days what you may do. Personal roles are left out.
accounts-deputies-none = No deputy is entered.
accounts-deputies-list = Entered deputies
accounts-deputy-new = Enter a deputy
accounts-deputy-absent = Absent
accounts-deputy = Represented by
accounts-deputy-from = First day
accounts-deputy-to = Last day
accounts-deputy-save = Enter
accounts-deputy-saved = The deputy is entered.
accounts-deputy-end = End
accounts-deputy-ended = The representation has ended.
accounts-counter-title = Check an identity document
accounts-counter-text = The person tells the code from their account ("Show your identity document in person").
accounts-counter-code = Code from the account
accounts-counter-code-hint = 8 characters
accounts-counter-account = Account: { $label }
accounts-counter-compare = Compare person and document, and correct the data from the document. The number of the document is not kept.
accounts-counter-document = Document shown
accounts-counter-confirm = Person and document agree
accounts-counter-done = The check is entered. It counts from the next sign-in with a second factor.
accounts-help-title = Sign-in help
accounts-help-text = Has somebody lost phone and recovery codes? Check the identity document, then remove the second factor.
accounts-help-email-hint = Or family name and date of birth
accounts-help-found =
    { $n ->
        [0] No account found
        [one] One account found
       *[other] { $n } accounts found
    }
accounts-help-none = There is no account for these data.
accounts-help-reset = Remove the second factor
accounts-help-no-factor = This account has no second factor.
accounts-help-done = The second factor is removed, and the account is signed out everywhere.

## Errors at fields

accounts-error-required = Fill in this field.
accounts-error-required-name = Enter a name.
accounts-error-required-login = Enter a user name.
accounts-error-required-email = Enter an e-mail address.
accounts-error-required-password = Enter a password.
accounts-error-claim-missing = Enter the claim code.
accounts-error-choose = Choose one.
accounts-error-unknown = Choose one from the list.
accounts-error-characters = This holds characters that are not possible here.
accounts-error-too-long = Write at most { $max } characters.
accounts-error-email-invalid = The e-mail address is incomplete. It looks like this: name@example.org
accounts-error-search-too-wide = Enter the e-mail address, or family name and date of birth.
accounts-error-date = There is no such date. For example 27 3 1985.
accounts-error-before-start = The last day lies before the first.
accounts-error-in-the-past = This day has passed.
accounts-error-too-late = A representation lasts { $days } days at most.
accounts-error-password-short = Your password needs at least { $min } characters.
accounts-error-password-long = This password is too long.
accounts-error-password-common = This password is easy to guess. Take a short sentence, for example.
accounts-error-password-wrong = The password is not right.
accounts-error-password-of-other-account = There is an account with this password for this e-mail address already. Choose another one.
accounts-error-code-wrong = The code is not right or was used already. Wait for the next one.
accounts-error-code-unknown = There is no such code, or it is no longer good. Check every character.

## Refusals

refusal-sign-in-failed = These data fit no account. Check both, or choose "Forgotten password".
refusal-password-burnt = Somebody else seems to know your password. Choose "Forgotten password" and set a new one.
refusal-link-expired = This link or code is no longer good. Ask for a new one.
refusal-email-first = Give an e-mail address first.
refusal-factor-needed = Staff must have a second factor. You can only replace it.
refusal-person-differs = According to the online ID card this account belongs to another person. Check the data.
refusal-external-cancelled = You cancelled signing in.
refusal-external-failed = Signing in did not work. Try again.
refusal-external-linked-elsewhere = This online ID card belongs to another account already.
refusal-own-rights = One's own rights are always changed by somebody else.

## E-mails

accounts-mail-register-subject = Your account – { $city }
accounts-mail-register-text =
    { $existing ->
        [0] Hello,

            you want to open an account. Open this page and choose a password:
            { $link }
       *[other] Hello,

            you want to open an account. There is an account for this e-mail address already. You can open another one, for example for another person:
            { $link }

            Have you only forgotten your password? Choose "Forgotten password" on the sign-in page.
    }
accounts-mail-reset-subject = New password for your account – { $city }
accounts-mail-reset-text =
    Hello,

    choose a new password on this page:
    { $link }
accounts-mail-reset-unknown-subject = Your request – { $city }
accounts-mail-reset-unknown-text =
    Hello,

    somebody asked for a new password for this e-mail address. There is no account for it here. Perhaps you gave another address. You can open an account here:
    { $link }
accounts-mail-email-subject = Your new e-mail address – { $city }
accounts-mail-email-text =
    Hello,

    confirm your new e-mail address on this page:
    { $link }
accounts-mail-email-changed-subject = Your e-mail address was changed – { $city }
accounts-mail-email-changed-text =
    Hello,

    your account now uses another e-mail address. Was it not you? Then call us.
accounts-mail-password-changed-subject = Your password was changed – { $city }
accounts-mail-password-changed-text =
    Hello,

    a new password is in use for your account. Was it not you? Then set another one at once:
    { $link }
accounts-mail-staff-password-changed-subject = Your password was changed – { $city }
accounts-mail-staff-password-changed-text =
    Hello,

    a new password is in use for your account. Was it not you? Then set another one at once:
    { $link }
accounts-mail-staff-invitation-subject = Your work account – { $city }
accounts-mail-staff-invitation-text =
    Hello,

    a work account has been set up for you. Choose your password within seven days:
    { $link }

    Do not pass the link on. Do you not work here? Then delete this e-mail.
accounts-mail-staff-password-subject = New password for your work account – { $city }
accounts-mail-staff-password-text =
    Hello,

    choose a new password for your work account on this page:
    { $link }
accounts-mail-foot = Did you not ask for this? Then you need not do anything. Do not pass the link on.
accounts-mail-city = { $city }

## Staff and roles

accounts-menu-people = Staff
accounts-people-title = Staff and roles
accounts-people-list = Staff of the city
accounts-people-none = Nobody is entered yet.
accounts-people-new = Add a person
accounts-people-new-text = The person gets an e-mail with a link to choose a password. You give roles afterwards.
accounts-people-login-hint = Small letters, digits, dot and dash, for example mia.muster
accounts-people-add = Add and invite
accounts-people-added = The person is entered and the invitation is on its way. Now give them roles.
accounts-people-state = State
accounts-people-active = in service
accounts-people-left = has left
accounts-people-roles = Roles
accounts-people-no-roles = This person has no role yet and so sees no cases.
accounts-people-role = Role
accounts-people-place = Where
accounts-people-everywhere = in the whole city
accounts-people-until = Last day (optional)
accounts-people-until-hint = Without a date the role lasts until it is ended.
accounts-people-give-title = Give a role
accounts-people-give = Give role
accounts-people-given = The role counts from now on.
accounts-people-end = End
accounts-people-ended = The role has ended.
accounts-people-move-title = Organisation unit
accounts-people-move = Change unit
accounts-people-moved = The organisation unit was changed.
accounts-people-access = Access
accounts-people-invite-text = Has the person lost the password, or has the invitation expired?
accounts-people-invite = Send a new invitation
accounts-people-invited = The invitation is on its way. It is good for seven days.
accounts-people-leave-text = Whoever leaves is signed out everywhere. All roles and deputies rest.
accounts-people-leave = Enter as having left
accounts-people-gone = The person is entered as having left and was signed out.
accounts-people-back-text = When the person comes back, their roles count again.
accounts-people-return = Back in service
accounts-people-back = The person is back in service.
accounts-error-taken = This login name exists already.

## Export of a person's data

accounts-table-identity-account = Account
accounts-table-identity-person = Personal data
accounts-table-identity-external = Linked sign-in
accounts-table-identity-factor = Second factor
accounts-table-identity-device = Known browsers
accounts-table-identity-session = Sessions
accounts-table-identity-staff = Work account
accounts-table-identity-grant = Roles
accounts-table-identity-deputy = Deputies
accounts-table-identity-access = Access classes
accounts-field-label = Label
accounts-field-email = E-mail address
accounts-field-state = State
accounts-field-lang = Language
accounts-field-created-at = Created
accounts-field-password-at = Password set
accounts-field-signed-in-on = Last sign-in
accounts-field-onsite-on = Checked at a counter on
accounts-field-onsite-document = Identity document shown
accounts-field-onsite-unit = Checked by
accounts-field-source = Source
accounts-field-level = Trust level
accounts-field-data = Data
accounts-field-read-at = Taken over
accounts-field-linked-at = Linked
accounts-field-confirmed-at = Confirmed
accounts-field-expires-at = Valid until
accounts-field-kind = Kind
accounts-field-agent = Browser
accounts-field-seen-at = Last used
accounts-field-ended-at = Ended
accounts-field-login = Login
accounts-field-name = Name
accounts-field-unit = Organisation unit
accounts-field-role = Role
accounts-field-from-day = From
accounts-field-to-day = To
accounts-field-absent = Absent (id)
accounts-field-deputy = Deputy (id)
accounts-field-cls = Access class
accounts-value-state-active = active
accounts-value-state-closed = closed
accounts-value-lang-de = German
accounts-value-lang-en = English
accounts-value-source-selbst = own statement
accounts-value-source-vor-ort = checked at a counter
accounts-value-source-eid = online ID
accounts-value-source-password = password
accounts-value-kind-account = account
accounts-value-kind-case = claim code
accounts-value-kind-staff = staff
identity-event-account-opened = Account opened
identity-event-account-closed = Account closed
identity-event-email-changed = E-mail address changed
identity-event-label-changed = Label of the account changed
identity-event-person-stated = Personal data stored
identity-event-external-linked = Sign-in linked
identity-event-onsite-confirmed = Identity document checked at a counter
identity-event-onsite-withdrawn = Check at a counter withdrawn
identity-event-password-changed = Password changed
identity-event-factor-added = Second factor added
identity-event-factor-removed = Second factor removed
identity-event-recovery-codes-made = Recovery codes made
identity-event-recovery-code-used = Recovery code used
identity-event-session-started = Signed in
identity-event-session-ended = Signed out
identity-event-claim-issued = Claim code issued
identity-event-claims-revoked = Claim code revoked
