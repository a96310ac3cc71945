"""Works every number of the story of requests out again, from what GitHub holds alone.

    python3 recompute.py DIR

DIR is what `changegate demo --story intake --out DIR` wrote. `github.json` is the dump of the small GitHub: issues with labels,
milestones and comments, pull requests, deployments. Nothing else is read to work things out; the other files are compared with
what comes out. Ends with 1 and says what differs.
"""

import json
import re
import sys
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
TRIAGERS = {"tess"}
SPONSORS = {
    "sales": "dana", "care": "carl", "finance": "fred", "marketing": "mara",
    "network": "nora", "legal": "lena", "people": "paul", "works": "will",
}


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def working_days_after(start, days):
    """The same time of day so many days from Monday to Friday later, in Berlin."""
    local = start.astimezone(BERLIN)
    day = local
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day.replace(tzinfo=BERLIN)


def labelled(issue, start):
    values = [label["name"][len(start):] for label in issue["labels"] if label["name"].startswith(start)]
    return values[0] if values else None


def commands(issue):
    for comment in issue["all_comments"]:
        if comment["user"]["type"] == "User":
            for line in comment["body"].splitlines():
                if line.startswith("/"):
                    word, _, rest = line[1:].partition(" ")
                    yield word, rest, comment["user"]["login"], moment(comment["created_at"])


def closing(pull):
    found = re.search(r"Closes #(\d+)", pull["body"] or "")
    return int(found[1]) if found else None


def delivered_at(issue, repository):
    """When the first deployment succeeded that began after its pull request was merged."""
    merged = [moment(it["merged_at"]) for it in repository["pulls"] if it["merged_at"] and closing(it) == issue["number"]]
    if not merged:
        return None
    for deployment in repository["deployments"]:
        success = [moment(at) for state, at in deployment["statuses"] if state == "success"]
        if success and moment(deployment["created_at"]) >= max(merged):
            return success[0]
    return None


RULINGS = {
    "accept": "accepted", "decline": "ended", "duplicate": "ended", "withdraw": "ended", "defer": "deferred", "need-info": "asked",
}


def lines(dump):
    for name, repository in dump["repositories"].items():
        for issue in repository["issues"]:
            if not any(label["name"] == "change-request" for label in issue["labels"]):
                continue
            asked = moment(issue["created_at"])
            account, ruling, ruled, rank = labelled(issue, "account/"), None, None, None
            for word, rest, by, at in commands(issue):
                if word in RULINGS and by in TRIAGERS:
                    ruling, ruled = RULINGS[word], at
                elif word == "rank" and by == SPONSORS[account]:
                    rank = (int(rest), at)
            complete = "### What is needed" in (issue["body"] or "")
            delivered = delivered_at(issue, repository) if ruling == "accepted" else None
            waits = ruling == "asked" or ruling is None
            pile = "delivered" if delivered else "open" if ruling == "accepted" else "triage" if waits else ruling
            milestone = issue["milestone"]["title"] if issue["milestone"] else None
            yield {
                "name": f"{name}#{issue['number']}", "id": (repository["id"], issue["number"]), "account": account,
                "asked": asked, "accepted": ruled if ruling == "accepted" else None, "delivered": delivered, "pile": pile,
                "release": milestone, "rank": rank, "incomplete": ruling == "asked" or not complete,
                "words": {word for word, *_ in commands(issue)},
            }


def merged(wanted, weights):
    """The order of the accounts' orders: rounds in which each account takes the places that its weight gives it."""
    accounts = {}
    for line in wanted:
        accounts.setdefault(line["account"], []).append(line)
    for own in accounts.values():
        own.sort(key=lambda it: (it["rank"][0], -it["rank"][1].timestamp()) if it["rank"] else (10**6, 0.0))
        ranked = [it for it in own if it["rank"]]
        rest = sorted((it for it in own if not it["rank"]), key=lambda it: (it["asked"], it["id"]))
        own[:] = ranked + rest
    order = []
    while accounts:
        total = sum(weights[name] for name in accounts)
        had, place = dict.fromkeys(accounts, 0), 0
        while all(accounts.values()):
            place += 1
            may = [name for name in accounts if Fraction(had[name], place) < Fraction(weights[name], total)]
            next_of = lambda name: (Fraction(had[name] + 1, weights[name]), accounts[name][0]["asked"], accounts[name][0]["id"])
            taker = min(may, key=next_of)
            had[taker] += 1
            order.append(accounts[taker].pop(0)["name"])
        accounts = {name: own for name, own in accounts.items() if own}
    return order


def differences(folder):
    read = lambda name: json.loads((folder / name).read_text())
    dump, plan, accounts, queue = (read(f"{name}.json") for name in ("github", "plan", "accounts", "queue"))
    now = moment(dump["at"])
    all_lines = list(lines(dump))
    compared = 0

    def same(what, ours, theirs):
        nonlocal compared
        compared += 1
        if ours != theirs:
            yield f"{what}: worked out {ours!r}, told {theirs!r}"

    def name(shown):
        return f"{shown['repository']}#{shown['line']['at']['number']}"

    waiting = sorted((it for it in all_lines if it["pile"] == "triage"), key=lambda it: it["asked"])
    yield from same("who waits, the oldest first", [it["name"] for it in waiting], [name(it["shown"]) for it in queue["items"]])
    told = {name(it["shown"]): it["is_overdue"] for it in queue["items"]}
    for it in waiting:
        overdue = not it["incomplete"] and working_days_after(it["asked"], 5) <= now
        yield from same(f"{it['name']} is overdue", overdue, told.get(it["name"]))

    for column in plan["releases"]:
        title = column["id"]["title"]
        ours = sorted(it["name"] for it in all_lines if it["pile"] == "open" and it["release"] == title)
        yield from same(f"what is in {title}", ours, sorted(name(it) for it in column["changes"]))
        yield from same(f"the slots of {title}", dump["slots"], column["slots"])
        yield from same(f"what is free in {title}", max(0, dump["slots"] - len(ours)), column["free"])
    order = merged([it for it in all_lines if it["pile"] == "open" and not it["release"]], dump["weights"])
    yield from same("how many are not planned", len(order), plan["unplanned_in_all"])
    yield from same("their order", order[: len(plan["unplanned"])], [name(it["change"]) for it in plan["unplanned"]])
    delivered = [it for it in all_lines if it["pile"] == "delivered"]
    yield from same("how many are delivered", len(delivered), plan["delivered_in_all"])
    yield from same("which are delivered", sorted(it["name"] for it in delivered), sorted(name(it) for it in plan["delivered"]))

    since = moment(accounts["since"])
    requested = sum(it["asked"] >= since for it in all_lines)
    shares = []
    for told in accounts["accounts"]:
        own = [it for it in all_lines if it["account"] == told["name"]]
        ours = {
            "requested": sum(it["asked"] >= since for it in own),
            "accepted": sum(bool(it["accepted"] and it["accepted"] >= since) for it in own),
            "delivered": sum(bool(it["delivered"] and it["delivered"] >= since) for it in own),
            "open": sum(it["pile"] == "open" for it in own),
            "waiting": sum(it["pile"] == "triage" for it in own),
            "over_limit": 0,  # nothing is limited there
            "rated": sum(any(word == "rate" for word in it["words"]) for it in own),
        }
        yield from same(f"what {told['name']} asked for and got", ours, told["counts"])
        yield from same(f"the weight of {told['name']}", dump["weights"][told["name"]], told["weight"])
        shares.append(Fraction(ours["requested"], requested))
        yield from same(f"the share of {told['name']}", round(float(shares[-1]), 9), round(told["share"], 9))
        yield from same(f"{told['name']} is a key account", shares[-1] >= Fraction(15, 100), told["is_key"])
    yield from same("whoever asked for most is first", shares, sorted(shares, reverse=True))
    concentration = accounts["concentration"]
    yield from same("the first share", round(float(shares[0]), 9), round(concentration["first"], 9))
    yield from same("the first three", round(float(sum(shares[:3])), 9), round(concentration["first_three"], 9))
    yield from same("Herfindahl", round(float(sum(it * it for it in shares)), 9), round(concentration["herfindahl"], 9))
    if len(all_lines) != 325 or compared < 100:
        yield f"{len(all_lines)} requests and {compared} comparisons are fewer than there should be"
    print(f"{len(all_lines)} requests, {compared} comparisons")


if __name__ == "__main__":
    found = list(differences(Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(bool(found))
