"""What Python's own mail library makes of a mail on standard input; its defects, if it finds some, end this with 1."""

import email
import email.policy
import sys

mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
defects = list(mail.defects)
for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"):
    defects += mail[name].defects
    print(f"{name}: {mail[name]}")
print()
print(mail.get_content())
if defects:
    sys.exit(f"defects: {defects}")
