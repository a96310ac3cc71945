"""Reads a calendar as calendar programs do (the `icalendar` package): prints each entry with its time in a zone, and ends with 1 where
anything is not as RFC 5545 wants it. Called with a file and the name of a zone."""

import sys
from zoneinfo import ZoneInfo

from icalendar import Calendar

with open(sys.argv[1], "rb") as file:
    calendar = Calendar.from_ical(file.read())
zone = ZoneInfo(sys.argv[2])
faults = [f"calendar: {error}" for error in calendar.errors]
faults += [f"calendar: no {name}" for name in ("VERSION", "PRODID") if name not in calendar]
events = calendar.walk("VEVENT")
for event in events:
    faults += [f"{event.get('SUMMARY')}: {error}" for error in event.errors]
    faults += [f"{event.get('SUMMARY')}: no {name}" for name in ("UID", "DTSTAMP", "DTSTART", "DTEND") if name not in event]
    print(event.decoded("DTSTART").astimezone(zone).strftime("%Y-%m-%d %H:%M %Z"), event["SUMMARY"])
names = [event["UID"] for event in events]
if len(set(names)) < len(names) or not names:
    faults.append(f"names that are not each its own: {names}")
sys.exit("\n".join(faults) or 0)
