### Forms: errors and controls. $label is the label of the field.

## Missing answers

error-required = Fill in the field: { $label }
error-required-choice = Choose an answer: { $label }
error-required-choices = Choose at least one: { $label }
error-required-date = Enter a date: { $label }. For example 27 3 1985.
error-required-address = Enter an address: { $label }
error-required-file = Upload a file: { $label }
error-required-declaration = Tick the box to go on: { $label }

## Wrong answers

error-rule = { $text }
error-too-long = “{ $label }” is too long. It may have { $max } characters.
error-characters = The character “{ $sign }” is not possible in “{ $label }”. Remove or replace it.
error-characters-invisible = There is an invisible character in “{ $label }”. Type the text again.
error-choice-unknown = Choose one of the answers: { $label }
error-date-incomplete = A part of “{ $label }” is missing. Enter day, month and year, for example 27 3 1985.
error-date-year = Enter the year of “{ $label }” with four digits, for example 1985.
error-date-month = The month of “{ $label }” is missing. If you do not know it, leave the day empty, too.
error-date-invalid = This date does not exist. Check day and month of “{ $label }”.
error-date-min = “{ $label }” is too early. It can be { $min } or later.
error-date-max = “{ $label }” is too late. It can be { $max } or earlier.
error-number-invalid = Enter a whole number for “{ $label }”, for example 2.
error-number-min = “{ $label }” is too small. It can be { $min } or more.
error-number-max = “{ $label }” is too large. It can be { $max } or less.
error-money-invalid = Enter an amount for “{ $label }” with a comma, for example 12,50.
error-money-min = “{ $label }” is too little. It can be { $min } or more.
error-money-max = “{ $label }” is too much. It can be { $max } or less.
error-email-invalid = The e-mail address is incomplete. It looks like this: name@example.org
error-phone-invalid = The telephone number is wrong. Enter digits only, for example 02132 12345.
error-iban-invalid = The IBAN is wrong. Check the digits; in Germany it is DE and 20 digits.
error-address-street = Enter the street.
error-address-house-number = Enter the house number.
error-address-postal-code = Enter the postal code with five digits, for example 40667.
error-address-city = Enter the town.
error-file-empty = The file “{ $name }” is empty. Choose another one.
error-file-too-large = The file “{ $name }” is too large. It may have { $max } MB.
error-file-type = We cannot open the file “{ $name }”. Possible are { $kinds }.
error-file-count = These are too many files. At most { $max } are possible.

## Controls

forms-next = Continue
forms-later = Continue later
forms-select = Choose
forms-yes = Yes
forms-no = No
forms-help = More about: { $label }
forms-blocks = Text blocks
forms-locked = This comes from your identity document. You cannot change it here.
forms-item-add = Add another
forms-item-remove = Remove { $item }
forms-file-rules = { $kinds }, at most { $max } MB per file
forms-file-remove = Remove “{ $name }”
forms-file-full = No more files are possible.
forms-check-decision-title = Check your decision
forms-check-title = Check your answers
forms-address-street = Street
forms-address-house-number = House number
forms-address-addition = Addition
forms-address-addition-hint = for example c/o or rear building
forms-address-postal-code = Postal code
forms-address-city = Town
forms-address-country = State

## Privacy

forms-privacy-purpose = Purpose
forms-privacy-basis = Legal basis
forms-privacy-recipients = Who gets the data
forms-privacy-retention = How long
forms-privacy-years =
    { $years ->
        [one] { $what }: one year ({ $paragraph })
       *[other] { $what }: { $years } years ({ $paragraph })
    }
forms-privacy-draft =
    { $days ->
        [one] Drafts you do not send: one day
       *[other] Drafts you do not send: { $days } days
    }
forms-privacy-duty = Must you give the data?
forms-privacy-sources = Where the data come from
forms-privacy-automated = Does a program decide?
forms-privacy-rights = Your rights
forms-privacy-rights-text = You can get information about your data, have them corrected or erased, have their use restricted and object to it. You can complain to the data protection authority of North Rhine-Westphalia (LDI NRW).
