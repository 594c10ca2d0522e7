postbox-title = Postbox
postbox-none = There is nothing in your postbox yet.
postbox-unread-count = { $n ->
    [0] You have read everything.
    [one] One message is unread.
   *[other] { $n } messages are unread.
}
postbox-badge-open = reply missing
postbox-badge-unread = unread
postbox-read-at = Read on { $at }
postbox-delivered-at = Delivered on { $at }
postbox-number = Reference { $number }
postbox-to-case = To the case
postbox-messages = Messages
postbox-question-title = We have a question for you
postbox-your-reply = Your reply
postbox-reply-title = Reply
postbox-reply-label = Your reply
postbox-reply-files = Files
postbox-reply-files-hint = Up to five files as PDF, JPEG or PNG, each up to 10 MB, up to 30 MB in all
postbox-reply-send = Send the reply
postbox-replied = Your reply has arrived. It is now part of the case.
postbox-reply-missing = Write your reply.
postbox-reply-too-long = Shorten your reply to { $max } characters.
postbox-too-many-files = Choose { $max } files at most.
postbox-file-infected = Malware was found in the file “{ $name }” ({ $signature }). We have not taken it in. Check your device and choose another file.
postbox-upload-broken = The files did not arrive completely. Try again, best with smaller files.
postbox-files-too-large = With the file “{ $name }” it is more than 30 MB. Choose smaller or fewer files.
postbox-files-hour = { $minutes ->
    [one] Very many files came from you. Add these again in one minute, or reply without them.
   *[other] Very many files came from you. Add these again in { $minutes } minutes, or reply without them.
}
postbox-file-empty = The file “{ $name }” is empty. Choose another one.
postbox-file-too-large = The file “{ $name }” is larger than 10 MB. Choose a smaller one.
postbox-file-wrong-type = The file “{ $name }” is no PDF, JPEG or PNG. Choose another one.
postbox-file-damaged = The file “{ $name }” is damaged. Save it again or choose another one.
postbox-file-too-many-pixels = The picture “{ $name }” is too large. Take the photo with a lower resolution.
postbox-file-suspicious = The file “{ $name }” holds more than a document or picture. Save it again and choose it once more.
postbox-menu-stack = Outgoing post
postbox-stack-title = Outgoing post
postbox-stack-text = Print the letters, put them into window envelopes and then confirm that they were posted.
postbox-making-count = { $n ->
    [one] One letter is being written.
   *[other] { $n } letters are being written.
}
postbox-waiting-count = To be printed: { $n }
postbox-printed-count = Printed and not posted yet: { $n }
postbox-stack-none = The stack is empty.
postbox-printed-none = Nothing here.
postbox-choose-print = Which letters do you print now?
postbox-choose-posted = Which letters do you mean?
postbox-make-batch = Make the print file
postbox-batch = { $n ->
    [one] One letter
   *[other] { $n } letters
}
postbox-batch-file = Download the print file (PDF)
postbox-single = download alone
postbox-mark-posted = Posted
postbox-mark-back = Back on the stack
postbox-batch-made = The print file is ready. You can download it below.
postbox-posted = The letters are marked as posted.
postbox-put-back = The letters are back on the stack.
postbox-none-chosen-fehler = Choose one letter at least.
postbox-too-many-fehler = Print 100 letters at most in one go.
postbox-printed-fehler = Somebody else has just printed at least one of these letters. Choose again.
postbox-staff-panel = Messages and letters
postbox-state-reply = Reply of the applicant
postbox-state-read = Read on { $at }
postbox-state-unread = Not read yet
postbox-state-posted = Posted on { $at }
postbox-state-stack = On the print stack
postbox-letter-question-before = we have a question about your application:
postbox-letter-question-after = Reply in the portal with your claim code, or write to us and quote the reference. Your application stays with us until then.
postbox-mail-subject = { $city }: New message in your postbox
postbox-mail-text = Hello,

    You have a new message in your postbox. Open the portal and sign in.

    This e-mail contains no link and nothing of the content.

    { $city }
postbox-mail-guest-subject = { $city }: There is news for you
postbox-mail-guest-text = Hello,

    There is news about your application. Open the portal and enter your claim code.

    Portal: { $portal }

    This e-mail says nothing of the content.

    { $city }
message-information = New message
message-information-text = There is news about your application. You see it in your case.
message-question = We have a question about your application
message-question-text = Answer the question so that we can go on.
message-reply = Your reply
message-reply-text = Your reply is part of the case.
message-certificate-posted = Your certificate is on its way
message-certificate-posted-text = We send it by post to your registered address.
message-certificate-ready = Your certificate is here
message-certificate-ready-text = Download the certificate. It carries a code with which anybody can check that it is genuine.
message-decision-ready = We have decided on your application
message-decision-ready-text = The decision and the reasons stand in the letter (in German).
message-letter-ready = We have written to you
message-letter-ready-text = Read the letter (in German).
message-urkunde-versandt = Your certificate is on its way
message-urkunde-versandt-text = We have issued your certificate and sent it to you by post.
    If it has not arrived in two weeks, get in touch with us.
message-refused = Your application is refused
message-refused-text = The reasons and what you can do stand in the letter (in German).
message-nothing-found = We have found no entry
message-nothing-found-text = The letter says what we have searched (in German).
message-withdrawn = Your application is withdrawn
message-withdrawn-text = You have withdrawn your application. We do not work on it any more.
message-refund = You get money back
message-refund-text = We refund a part of the fee or all of it, the same way as you paid.
timeline-delivered-postbox = Message put into your postbox
timeline-question-asked = Question sent to you
timeline-reply-received = Your reply has arrived
timeline-letter-printed = Letter printed and posted
timeline-delivered-postbox-staff = Message put into the postbox
timeline-question-asked-staff = Question sent
timeline-reply-received-staff = Reply received
refusal-postbox-no-address = The address for a letter is missing.
refusal-postbox-no-question = The task holds no question.
refusal-postbox-answered = This question has been answered or is no longer asked. Your case shows how it goes on.

## Export of a person's data

postbox-table-attachment = Attachments of replies
postbox-table-message = Messages
postbox-table-delivery = Deliveries
postbox-table-letter = Letters
postbox-field-message-id = Message (id)
postbox-field-document-id = Document (id)
postbox-field-kind = Kind
postbox-field-subject = Subject
postbox-field-body = Text
postbox-field-at = Time
postbox-field-read-at = Read
postbox-field-channel = Way
postbox-field-delivered-at = Delivered
postbox-field-posted-at = Posted
postbox-field-state = State
postbox-field-created-at = Created
postbox-field-printed-at = Printed
postbox-value-kind-document = document
postbox-value-kind-notice = notice
postbox-value-kind-question = question
postbox-value-kind-reply = reply
postbox-value-channel-postbox = postbox
postbox-value-channel-letter = letter
postbox-value-state-making = being made
postbox-value-state-waiting = waits to be printed
postbox-value-state-printed = printed
postbox-value-state-posted = posted
postbox-event-delivered = Delivered
postbox-event-read = Message read
postbox-event-letter-posted = Letter posted
