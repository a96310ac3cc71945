//! Files that are refused, and in exactly which words.

use super::*;

#[test]
fn a_file_that_is_no_yaml_or_no_map() {
    insta::assert_snapshot!(refused(""), @"
    p.yml:1:1: the file is empty
      write at least `mode: observe`, or remove the file
    ");
    insta::assert_snapshot!(refused("- mode: observe\n"), @"
    p.yml:1:1: the file is a list
      this must be keys with values
    ");
    insta::assert_snapshot!(refused("mode: [observe\n"), @"
    p.yml:1:7: this is not YAML that can be read: unclosed bracket '['
      look at the indentation, quotes and brackets here and on the line above
    ");
    insta::assert_snapshot!(refused("mode: observe\n zone: UTC\n"), @"
    p.yml:2:6: this is not YAML that can be read: mapping values are not allowed in this context
      look at the indentation, quotes and brackets here and on the line above
    ");
    insta::assert_snapshot!(refused("repositories:\n  - { match: *, mode: observe }\n"), @r#"
    p.yml:2:14: this is not YAML that can be read: while scanning an anchor or alias, did not find expected alphabetic or numeric character
      a value that starts with `*` or `&` needs quotes: "*"
    "#);
    insta::assert_snapshot!(refused("mode: observe\n---\nmode: enforce\n"), @"
    p.yml:3:1: a second YAML document starts here
      one file holds one policy; remove the `---` and what follows
    ");
    insta::assert_snapshot!(refused("<<: { mode: observe }\n"), @"
    p.yml:1:1: `<<` is not a key of this file
      write the merged part out instead
    ");
    insta::assert_snapshot!(refused("groups:\n  qa: [@dana]\n"), @"
    p.yml:2:8: this is not YAML that can be read: unexpected character: `@'
      a value with this character needs quotes
    ");
    insta::assert_snapshot!(refused("~: observe\n"), @"
    p.yml:1:1: a key is no text
      write each key as a plain word, or put it in quotes
    ");
}

#[test]
fn misspelt_keys_and_wrong_types_all_at_once() {
    insta::assert_snapshot!(refused("moed: observe\nrolls: {}\nweather: fine\n"), @"
    p.yml:1:1: `moed` is not a key that Changegate knows
      did you mean `mode`?
    p.yml:2:1: `rolls` is not a key that Changegate knows
      did you mean `roles`?
    p.yml:3:1: `weather` is not a key that Changegate knows
      remove it; the keys here are version, zone, mode, roles, groups, intake, labels, accounts, trains, repositories, components, environments, standard-changes, freezes, commands, pipelines, gitops, notify
    ");
    insta::assert_snapshot!(refused("mode: enforced\n"), @"
    p.yml:1:7: `mode` is `enforced`
      did you mean enforce?
    ");
    insta::assert_snapshot!(refused("mode: strict\n"), @"
    p.yml:1:7: `mode` is `strict`
      write observe, advise or enforce
    ");
    insta::assert_snapshot!(refused("mode: true\n"), @"
    p.yml:1:7: `mode` is `true`
      write observe, advise or enforce
    ");
    insta::assert_snapshot!(refused("mode:\n"), @"
    p.yml:1:5: `mode` is empty
      give it a value, or remove the key
    ");
    insta::assert_snapshot!(refused("mode: observe\nzone: UTC\nmode: enforce\n"), @"
    p.yml:3:1: `mode` stands here a second time; the first is on line 1
      keep one of them
    ");
    insta::assert_snapshot!(refused("groups:\n  qa: acme/qa\n  business: [1234, dana]\n"), @"
    p.yml:2:7: `groups.qa` is the text `acme/qa`
      this must be a list; write it in brackets: [acme/qa]
    p.yml:3:14: `groups.business` is the number 1234
      this must be text; put it in quotes
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { title: 2026.10 }\n"), @r#"
    p.yml:2:13: `trains.customer` has no `repositories`
      add `repositories`, like [acme/web, "acme/mail-*"]
    p.yml:2:22: `trains.customer.title` is the number 2026.1
      this must be text; put it in quotes
    "#);
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{year}\", slots: 1.5, candidate: release }\n"), @r#"
    p.yml:2:65: `trains.customer.slots` is the number 1.5
      this must be a whole number
    p.yml:2:81: `trains.customer.candidate` is the text `release`
      this must be keys with values
    "#);
    insta::assert_snapshot!(refused("freezes: { name: quarter end }\n"), @"
    p.yml:1:10: `freezes` is a map of keys
      this must be a list, like [{ name: quarter end, from: 2026-12-28 00:00, to: 2027-01-04 08:00 }]
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    rollback: maybe\n    require: [{ ranges: traced }]\n"), @"
    p.yml:3:15: `environments.production.rollback` is `maybe`
      write allowed or refused
    p.yml:4:17: `environments.production.require.ranges` is not a key that Changegate knows
      did you mean `range`?
    ");
    insta::assert_snapshot!(refused("version: 2\n"), @"
    p.yml:1:10: `version` is not 1
      this program reads version 1 of the file only
    ");
}

#[test]
fn people_who_cannot_be() {
    insta::assert_snapshot!(refused("roles:\n  triager: [\"@dana\", acme/triage/x, acme/triage, Acme/Triage]\n"), @"
    p.yml:2:13: `roles.triager` is `@dana`
      write it without the @: dana
    p.yml:2:22: `roles.triager` is `acme/triage/x`
      write a team as owner/team-name, or a person by login
    p.yml:2:50: `roles.triager` names `Acme/Triage` twice
      remove one of them
    ");
    insta::assert_snapshot!(refused("groups:\n  qa: []\n"), @"
    p.yml:2:7: `groups.qa` lists nobody
      a group that nobody is in can never sign; list somebody or remove it
    ");
    insta::assert_snapshot!(refused("groups:\n  triager: [dana]\n  review: [dana]\n  Quality Assurance: [dana]\n"), @"
    p.yml:2:3: `groups.triager` has the name of a role
      rules would not know which is meant; choose another name
    p.yml:3:3: `groups.review` has a name that is taken
      `review` means something by itself in rules; choose another name
    p.yml:4:3: `groups.Quality Assurance` is named `Quality Assurance`
      people type this name in commands: use lower-case letters, digits and hyphens
    ");
    insta::assert_snapshot!(refused("groups:\n  qa: [\"dependabot[bot]\"]\n"), @"
    p.yml:2:8: `groups.qa` is `dependabot[bot]`
      bots and apps never sign or decide; name a person or a team
    ");
    insta::assert_snapshot!(refused("accounts:\n  sales: { sponsor: \"\", weight: 0 }\n  support: { sponsor: lee, weight: -2 }\n"), @"
    p.yml:2:21: `accounts.sales.sponsor` is empty
      an account needs somebody who ranks and accepts for it; name a login or a team
    p.yml:2:33: `accounts.sales.weight` is 0
      an account without weight would never be served; give it at least 1
    p.yml:3:36: `accounts.support.weight` is -2
      write a whole number from 1 to 1000
    ");
    insta::assert_snapshot!(refused("accounts:\n  sales: { sponsor: dana lee }\n"), @"
    p.yml:2:21: `accounts.sales.sponsor` is `dana lee`
      write a team as owner/team-name, or a person by login
    ");
}

#[test]
fn limits_that_cannot_be() {
    insta::assert_snapshot!(refused("intake: { limits: { accepted: 0, ready: 1000000, triage: 4 } }\n"), @"
    p.yml:1:50: `intake.limits.triage` is not a key that Changegate knows
      remove it; the keys here are accepted, scheduled, in-work, ready
    ");
    insta::assert_snapshot!(refused("intake: { limits: { accepted: 0, ready: 1000000 } }\n"), @"
    p.yml:1:31: `intake.limits.accepted` is 0
      nothing could be there at all; write at least 1, or remove it
    p.yml:1:41: `intake.limits.ready` is 1000000
      write a whole number from 1 to 100000
    ");
}

#[test]
fn times_that_cannot_be() {
    insta::assert_snapshot!(refused("zone: Europe/Berln\n"), @"
    p.yml:1:7: `zone` is `Europe/Berln`
      no time zone has this name; did you mean Europe/Berlin?
    ");
    insta::assert_snapshot!(refused("zone: Mars/Olympus\n"), @"
    p.yml:1:7: `zone` is `Mars/Olympus`
      no time zone has this name; write one like Europe/Berlin or UTC
    ");
    insta::assert_snapshot!(refused("intake: { overdue: 5 workdays, withdraw-after: 0 days }\n"), @"
    p.yml:1:20: `intake.overdue` is `5 workdays`
      write a length of time like 2 hours, 7 days or 5 working days
    p.yml:1:48: `intake.withdraw-after` is `0 days`
      no time at all is no limit; remove it, or allow at least 1
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{year}.{month}\", every: monthly, lock: a week before }\n"), @"
    p.yml:2:73: `trains.customer.every` is `monthly`
      write when it leaves, like first Thursday 10:00, Thursday 10:00 or 2 weeks from 2027-01-07 10:00
    p.yml:2:88: `trains.customer.lock` is `a week before`
      write how long before the release, like 7 days before
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    window: [\"Tue-Thu 16:00-09:00\", \"Tue 9-16\", \"Thu 09:00-09:00\"]\n"), @"
    p.yml:3:14: `environments.production.window` is `Tue-Thu 16:00-09:00`
      a window that closes before it has opened never opens; one over midnight is written as two, until 24:00 and from 00:00
    p.yml:3:37: `environments.production.window` is `Tue 9-16`
      write days and hours like Tue-Thu 09:00-16:00
    p.yml:3:49: `environments.production.window` is `Thu 09:00-09:00`
      a window that closes before it has opened never opens; one over midnight is written as two, until 24:00 and from 00:00
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    window: []\n"), @"
    p.yml:3:13: `environments.production.window` is an empty list
      nothing could ever be deployed; open a window, or remove the key
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    window: [\"Tue-Thu 09:00-10:00\"]\n    finish-within: 2 hours\n"), @"
    p.yml:4:20: `environments.production.finish-within` is `2 hours`, longer than every window
      no deployment could finish in time; shorten it or open a longer window
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    emergency: { lasts: forever, approved: 1 day, retrospective: 5 working days }\n"), @"
    p.yml:3:25: `environments.production.emergency.lasts` is `forever`
      write a length of time like 2 hours, 7 days or 5 working days
    p.yml:3:44: `environments.production.emergency.approved` is `1 day`
      write how soon, like within 1 working day; or before
    ");
    insta::assert_snapshot!(refused("freezes:\n  - { name: quarter end, from: 2027-01-04 08:00, to: 2026-12-28 00:00 }\n"), @"
    p.yml:2:54: `freezes.to` is `2026-12-28 00:00`
      the freeze would end before it starts on 2027-01-04 08:00; put a later time
    ");
    insta::assert_snapshot!(refused("freezes:\n  - { name: a, from: 2026-12-28, to: 2027-02-30 00:00 }\n"), @"
    p.yml:2:22: `freezes.from` is `2026-12-28`
      write a day and a time like 2026-12-28 08:00
    p.yml:2:38: `freezes.to` is `2027-02-30 00:00`
      write a day and a time like 2026-12-28 08:00
    ");
    insta::assert_snapshot!(refused("freezes:\n  - { name: a, from: 2026-12-28 00:00, to: 2027-01-01 00:00, environments: [production] }\n  - { name: A, from: 2026-12-28 00:00, to: 2027-01-01 00:00, environments: [] }\n"), @"
    p.yml:2:77: `freezes.environments` names `production`, which is no section of `environments`
      name a section of `environments`
    p.yml:3:13: `freezes.name` is `A`
      another freeze has this name; rename one of them
    p.yml:3:76: `freezes.environments` is an empty list
      a freeze of nothing freezes nothing; name environments, or remove the key to close all
    ");
}

#[test]
fn trains_whose_releases_cannot_be_told_apart() {
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: release }\n"), @"
    p.yml:2:48: `trains.customer.title` is `release`
      every release would have a title that comes back; use {year} or {number} in it
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{month}\" }\n"), @"
    p.yml:2:48: `trains.customer.title` is `{month}`
      every release would have a title that comes back; use {year} or {number} in it
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{yaer}.{month}\" }\n"), @"
    p.yml:2:48: `trains.customer.title` is `{yaer}.{month}`
      did you mean {year}?
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{year\" }\n"), @"
    p.yml:2:48: `trains.customer.title` is `{year`
      each placeholder stands in one pair of braces, like {year}.{month}
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{number}{year}\" }\n"), @"
    p.yml:2:48: `trains.customer.title` is `{number}{year}`
      put something other than a digit after {number}, so that it is clear where it ends
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{year}.{month}\", every: Thursday 10:00 }\n"), @"
    p.yml:2:48: `trains.customer.title` is `{year}.{month}`, but it leaves on `Thu 10:00`, so that two releases would be called 2026.01
      use {week}, {day} or {number} in the title
    ");
    insta::assert_snapshot!(refused("trains:\n  a: { repositories: [\"acme/mail-*\"], title: \"{year}.{month}\" }\n  b: { repositories: [acme/web, \"acme/*-out\"], title: \"{year}.{number}\" }\n"), @"
    p.yml:3:22: `trains.b.repositories` and `trains.a.repositories` share `acme/*-out`, and 2026.12 would be a release of both
      give one of the trains other titles, or the repository to one of them
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [], title: \"{year}\", slots: 0, candidate: { branch: release } }\n"), @"
    p.yml:2:29: `trains.customer.repositories` is an empty list
      a train without repositories carries nothing; list some or remove the train
    p.yml:2:57: `trains.customer.slots` is 0
      a release without a slot carries nothing; write auto or at least 1
    p.yml:2:81: `trains.customer.candidate.branch` is `release`
      every release would be on the same branch; use {title} in it, like release/{title}
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{year}\", record: requests }\n"), @"
    p.yml:2:66: `trains.customer.record` is `requests`
      write one repository as owner/name
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{year}\", ahead: 3 }\n"), @"
    p.yml:2:65: `trains.customer.ahead` is 3, and nobody knows when the next releases leave
      say when the train leaves (`every`), or make the milestones by hand and remove this
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{year}-W{week}\", every: Thursday 10:00, ahead: 25 }\n"), @"
    p.yml:2:96: `trains.customer.ahead` is 25
      write a number of releases from 0 to 24
    ");
    insta::assert_snapshot!(refused("trains:\n  Customer Train: { repositories: [acme], title: \"{year}\", slots: many }\n"), @"
    p.yml:2:3: `trains.Customer Train` is named `Customer Train`
      people type this name in commands: use lower-case letters, digits and hyphens
    p.yml:2:36: `trains.Customer Train.repositories` is `acme`
      write repositories as owner/name, with * in the name for any letters, or * alone for all
    p.yml:2:67: `trains.Customer Train.slots` is `many`
      write auto or a number of change requests
    ");
}

#[test]
fn departures_at_which_everything_is_closed() {
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{year}.{month}\", every: first Friday 10:00 }\nenvironments:\n  production:\n    window: [\"Tue-Thu 09:00-16:00\"]\n"), @"
    p.yml:2:73: `trains.customer.every` is `first Friday 10:00`, but no window is open then (Fri 10:00)
      choose a time inside a window of `environments`, early enough to finish in it
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{year}.{month}\", every: first Thursday 15:00 }\nenvironments:\n  production:\n    window: [\"Tue-Thu 09:00-16:00\"]\n    finish-within: 2 hours\n"), @"
    p.yml:2:73: `trains.customer.every` is `first Thursday 15:00`, but no window is open then (Thu 15:00)
      choose a time inside a window of `environments`, early enough to finish in it
    ");
    insta::assert_snapshot!(refused("trains:\n  customer: { repositories: [acme/web], title: \"{year}.{month}\", every: first Thursday 10:00 }\nfreezes:\n  - { name: new year, from: 2026-12-28 00:00, to: 2027-01-11 08:00 }\n"), @"
    p.yml:2:73: `trains.customer.every` is `first Thursday 10:00`, but 2027-01-07 10:00 is inside the freeze `new year`
      move the freeze or the train's day
    ");
}

#[test]
fn repositories_that_no_entry_can_mean() {
    insta::assert_snapshot!(refused("repositories:\n  - { match: web, mode: enforce }\n  - { match: [], mode: enforce }\n  - { match: \"ac*/web\" }\n"), @"
    p.yml:2:14: `repositories.match` is `web`
      write repositories as owner/name, with * in the name for any letters, or * alone for all
    p.yml:3:14: `repositories.match` is an empty list
      an entry that matches nothing does nothing; name repositories or remove it
    p.yml:4:14: `repositories.match` is `ac*/web`
      write repositories as owner/name, with * in the name for any letters, or * alone for all
    ");
    insta::assert_snapshot!(refused("repositories:\n  - { match: \"*\", mode: observe }\n  - { match: acme/web, mode: enforce }\n"), @"
    p.yml:3:14: `repositories.match` names `acme/web`, which an entry above has taken already
      the first entry that matches counts; put this one above it, or remove it
    ");
    insta::assert_snapshot!(refused("intake: { repository: requests, label: a, type: b }\n"), @"
    p.yml:1:23: `intake.repository` is `requests`
      write one repository as owner/name
    p.yml:1:49: `intake.type` stands beside `label`
      one of the two makes an issue a change request; remove the other
    ");
    insta::assert_snapshot!(refused("intake: { required: [Why, \"why?\", \" \"] }\n"), @"
    p.yml:1:27: `intake.required` names `why?` twice
      remove one of them
    p.yml:1:35: `intake.required` is empty
      write some text, without spaces around it
    ");
    insta::assert_snapshot!(refused("components:\n  mono: { web: { paths: [], environment: \"prod-*\" } }\n"), @"
    p.yml:2:3: `components.mono` is `mono`
      write one repository as owner/name
    p.yml:2:25: `components.mono.web.paths` is an empty list
      a component without files is never deployed; name its paths or remove it
    p.yml:2:42: `components.mono.web.environment` is `prod-*`
      a component runs in one environment; write its whole name
    ");
    insta::assert_snapshot!(refused("components:\n  acme/mono: { web: { paths: [/apps], environment: staging } }\nenvironments:\n  production:\n    names: [\"prod-*\"]\n"), @"
    p.yml:2:31: `components.acme/mono.web.paths` is `/apps`
      write it from the top of the repository without a leading slash, like docs/** or *.md
    p.yml:2:52: `components.acme/mono.web.environment` is `staging`
      no section of `environments` has this name among its `names`; add it there, or no rule would guard it
    ");
    insta::assert_snapshot!(refused("labels: { accepted: triage/declined }\n"), @"
    p.yml:1:21: `labels.accepted` is `triage/declined`
      this is the label for `declined` too; give each its own
    ");
    insta::assert_snapshot!(refused("commands: { prefix: /cg }\n"), @"
    p.yml:1:21: `commands.prefix` is `/cg`
      write a short word without the slash, like cg
    ");
}

#[test]
fn rules_that_nobody_could_meet_or_fail() {
    insta::assert_snapshot!(refused("environments:\n  production:\n    train:\n      - approvals: { qa: 0, business: 3 }\ngroups: { qa: [acme/qa], business: [dana, lee] }\n"), @"
    p.yml:4:26: `environments.production.train.approvals.qa` is 0
      a group that need not sign is no rule; remove it, or ask for at least 1
    p.yml:4:39: `environments.production.train.approvals.business` is 3, but `business` lists 2
      such a rule can never be met; ask for at most 2, or list more people
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    train:\n      - approvals: { busines: 1 }\ngroups: { business: [dana] }\n"), @"
    p.yml:4:22: `environments.production.train.approvals.busines` names `busines`, which is no group or role of this file
      did you mean `business`?
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    train:\n      - approvals: { security: 1 }\n      - acceptance: [qa, requestor]\n"), @"
    p.yml:4:22: `environments.production.train.approvals.security` names `security`, which is no group or role of this file
      define it under `groups`, as `security: [owner/team]`
    p.yml:5:22: `environments.production.train.acceptance` names `qa`, which is no group or role of this file
      define it under `groups`, as `qa: [owner/team]`
    p.yml:5:26: `environments.production.train.acceptance` is `requestor`
      did you mean `requester`?
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    train:\n      - approvals: { release-manager: 1 }\n"), @"
    p.yml:4:39: `environments.production.train.approvals.release-manager` is 1, but nobody is in `release-manager`
      list somebody under `roles.release-manager`, or name another group
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    require:\n      - range: traced\n        change: accepted\n      - {}\n      - plan: back-out\n      - plan: back-out\n"), @"
    p.yml:4:9: `environments.production.require` has `range` and `change` in one entry
      each entry is one rule; start a new one with a hyphen
    p.yml:6:9: `environments.production.require` holds an entry without a rule
      write one, like `range: traced`, or remove the entry
    p.yml:8:9: `environments.production.require` holds the same rule twice
      remove one of them
    ");
}

#[test]
fn more_rules_that_nobody_could_meet_or_fail() {
    insta::assert_snapshot!(refused("environments:\n  production:\n    require:\n      - checks: []\n      - checks: [{ name: ci }]\n"), @"
    p.yml:5:18: `environments.production.require.checks` has no `app`
      add `app`, like github-actions
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    require:\n      - checks: []\n      - approvals: {}\n      - acceptance: []\n      - checks: [{ name: ci, app: git hub }, { name: \"\", app: x }]\n"), @"
    p.yml:4:17: `environments.production.require.checks` asks for nothing
      a rule that nobody can fail is no rule; fill it in or remove it
    p.yml:5:20: `environments.production.require.approvals` asks for nothing
      a rule that nobody can fail is no rule; fill it in or remove it
    p.yml:6:21: `environments.production.require.acceptance` asks for nothing
      a rule that nobody can fail is no rule; fill it in or remove it
    p.yml:7:35: `environments.production.require.checks.app` is `git hub`
      write the App's short name, as in the address of its page: github-actions
    p.yml:7:54: `environments.production.require.checks.name` is empty
      write some text, without spaces around it
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    when: [{ risk: extreme, require: [] }]\n"), @"
    p.yml:3:20: `environments.production.when.risk` is `extreme`
      write low, medium or high
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    from: { branches: [], tags: [] }\n    names: []\n    when: [{ risk: high, require: [] }]\n"), @"
    p.yml:3:11: `environments.production.from` allows no branch and no tag
      nothing could ever be deployed; name some, or remove the key
    p.yml:4:12: `environments.production.names` is an empty list
      rules for no environment guard nothing; name some, or remove the key
    p.yml:5:35: `environments.production.when.require` is an empty list
      write the rules for this risk, or remove the entry
    ");
    insta::assert_snapshot!(refused("environments:\n  production:\n    names: [\"prod-*\"]\n  staging:\n    names: [\"*-eu\"]\n"), @"
    p.yml:5:12: `environments.staging.names` covers `*-eu`, which `environments.production` covers too
      each environment belongs to one section; name it in one of them
    ");
}

#[test]
fn standard_changes_that_would_approve_too_much() {
    insta::assert_snapshot!(refused("standard-changes:\n  - { name: anything, authors: [dana] }\n"), @"
    p.yml:2:5: `standard-changes` has an entry without `paths`
      it would approve changes to anything in advance; name the files it may touch
    ");
    insta::assert_snapshot!(refused("standard-changes:\n  - { name: all, paths: [\"**\"] }\n  - { name: All, paths: [\".github/**\", \"**/*.yml\", $dependancy-files, $all] }\n"), @"
    p.yml:2:26: `standard-changes.paths` is `**`
      this covers .github/workflows/ci.yml; workflows and the policy are never a standard change, so name folders or endings that leave them out
    p.yml:3:13: `standard-changes.name` is `All`
      another standard change has this name; rename one of them
    p.yml:3:26: `standard-changes.paths` is `.github/**`
      this covers .github/workflows/ci.yml; workflows and the policy are never a standard change, so name folders or endings that leave them out
    p.yml:3:40: `standard-changes.paths` is `**/*.yml`
      this covers .github/workflows/ci.yml; workflows and the policy are never a standard change, so name folders or endings that leave them out
    p.yml:3:52: `standard-changes.paths` is `$dependancy-files`
      did you mean $dependency-files?
    p.yml:3:71: `standard-changes.paths` is `$all`
      the only list of this kind is $dependency-files
    ");
    insta::assert_snapshot!(refused("standard-changes:\n  - { name: bump, authors: [\"github-actions[bot]\", \"a b\"], paths: [CHANGELOG.md], suspend-after: 0 failed deployments }\n"), @"
    p.yml:2:29: `standard-changes.authors` is `github-actions[bot]`
      any workflow can be that author; use an App of your own
    p.yml:2:52: `standard-changes.authors` is `a b`
      write a login, like dana or dependabot[bot]
    p.yml:2:98: `standard-changes.suspend-after` is `0 failed deployments`
      write a number, like 1 failed deployment
    ");
}

#[test]
fn a_repository_beside_an_organisation_that_defines_what_is_not_its_own() {
    insta::assert_snapshot!(refused_beside_an_organisation("mode: enforce\nroles: { triager: [dana] }\ngroups: { qa: [dana] }\nintake: { label: x, required: [Why] }\nrepositories: [{ match: \"*\" }]\nstandard-changes: [{ name: docs, paths: [docs/**] }]\n"), @"
    p.yml:2:1: `roles` stands in a repository's own file
      only the organisation's policy says who may act; remove it here
    p.yml:3:1: `groups` stands in a repository's own file
      only the organisation's policy says who signs; remove it here
    p.yml:4:11: `intake.label` stands in a repository's own file
      only the organisation's policy says how requests are taken in; remove it here
    p.yml:5:1: `repositories` stands in a repository's own file
      only the organisation's policy says how repositories are treated; remove it here
    p.yml:6:1: `standard-changes` stands in a repository's own file
      only the organisation's policy approves changes in advance; remove it here
    ");
}

#[test]
fn an_order_and_signing_again_of_groups_that_there_are_not() {
    insta::assert_snapshot!(refused("groups: { qa: [quinn] }\nenvironments:\n  production:\n    order: [qa, qa, ops]\n    resign: { scope: some, text: [sales] }\n"), @"
    p.yml:4:17: `environments.production.order` names `qa` twice
      remove one of them
    p.yml:4:21: `environments.production.order` names `ops`, which is no group or role of this file
      define it under `groups`, as `ops: [owner/team]`
    p.yml:5:22: `environments.production.resign.scope` is `some`
      write all, or a list of groups like [qa]
    p.yml:5:35: `environments.production.resign.text` names `sales`, which is no group or role of this file
      define it under `groups`, as `sales: [owner/team]`
    ");
}

#[test]
fn a_branch_on_which_pull_requests_are_developed_is_no_promotion_branch() {
    let with = |lines: &str, more: &str| refused(&format!("{more}environments:\n  production:\n{lines}"));
    insta::assert_snapshot!(with("    promote: { branches: [default, \"*\"] }\n", ""), @r"
    p.yml:3:26: `environments.production.promote.branches` is the default branch
      a branch on which pull requests are developed is never a promotion branch, even if production deploys from it; name the branch that is merged into only to deploy, or remove it
    p.yml:3:26: `environments.production.promote.branches` takes `*`, every branch
      a branch on which pull requests are developed is never a promotion branch, even if production deploys from it; name the branch that is merged into only to deploy, or remove it
    ");
    insta::assert_snapshot!(with("    from: { branches: [default, \"release/*\"] }\n    promote: { branches: [\"release/2026\", production] }\n", ""), @r"
    p.yml:4:26: `environments.production.promote.branches` covers `release/2026`, and `from.branches` has `release/*` for branches on which pull requests are developed
      a branch on which pull requests are developed is never a promotion branch, even if production deploys from it; name the branch that is merged into only to deploy, or remove it
    ");
    let train = "trains:\n  customer: { repositories: [acme/web], title: \"{year}\", candidate: { branch: \"release/{title}\" } }\n";
    insta::assert_snapshot!(with("    promote: { branches: [\"release/*\"] }\n", train), @r"
    p.yml:5:26: `environments.production.promote.branches` covers `release/*`, and `trains.customer.candidate` makes releases on `release/*`
      a branch on which pull requests are developed is never a promotion branch, even if production deploys from it; name the branch that is merged into only to deploy, or remove it
    ");
    insta::assert_snapshot!(with("    promote: {}\n", ""), @r"
    p.yml:3:14: `environments.production.promote` names no branch and no path
      nothing would ever be promoted; name some, or remove the key
    ");
    insta::assert_snapshot!(with("    names: [\"prod-*\"]\n    promote: { branches: [production] }\n", ""), @r"
    p.yml:4:14: `environments.production.promote` goes to no environment
      every name of the section has a star; write one without it among its `names`
    ");
    assert!(parse("p.yml", "environments:\n  production:\n    from: { branches: [production] }\n    promote: { branches: [production] }\n", Scope::Organisation).is_ok());
}

#[test]
fn a_train_ships_from_a_branch_or_a_tag_and_not_from_both() {
    let with = |candidate: &str| {
        refused(&format!(
            "trains:\n  customer: {{ repositories: [acme/web], title: \"{{year}}\", candidate: {candidate} }}\n"
        ))
    };
    insta::assert_snapshot!(with("{}"), @r"
    p.yml:2:69: `trains.customer.candidate` names no branch and no tag
      write the one that holds what a release ships
    ");
    insta::assert_snapshot!(with("{ branch: \"release/{title}\", tag: \"v{title}\" }"), @r"
    p.yml:2:69: `trains.customer.candidate` names a branch and a tag
      write the one that holds what a release ships
    ");
    insta::assert_snapshot!(with("{ tag: v1 }"), @r"
    p.yml:2:76: `trains.customer.candidate.tag` is `v1`
      every release would be on the same tag; use {title} in it, like v{title}
    ");
}

#[test]
fn a_notice_to_nobody_or_of_what_is_no_release() {
    let refused = |rule: &str| {
        refused(&format!("groups: {{ qa: [dana] }}\nenvironments:\n  production:\n    {rule}\n"))
    };
    insta::assert_snapshot!(refused("train: [{ notice: [] }, { notice: { groups: [qb], before: soon } }]"), @"
    p.yml:4:23: `environments.production.train.notice` asks for nothing
      a rule that nobody can fail is no rule; fill it in or remove it
    p.yml:4:50: `environments.production.train.notice.groups` names `qb`, which is no group or role of this file
      did you mean `qa`?
    p.yml:4:63: `environments.production.train.notice.before` is `soon`
      write a length of time like 2 hours, 7 days or 5 working days
    ");
    insta::assert_snapshot!(refused("train: [{ notice: [qa, qa] }, { notice: { before: 2 hours } }, { notice: qa }]"), @"
    p.yml:4:45: `environments.production.train.notice` has no `groups`
      add `groups`, like [help-desk, operations]
    p.yml:4:78: `environments.production.train.notice` is the text `qa`
      this must be a list; write it in brackets: [qa]
    ");
    insta::assert_snapshot!(refused("train: [{ notice: [qa, qa] }]"), @"
    p.yml:4:28: `environments.production.train.notice` names `qa` twice
      remove one of them
    ");
    insta::assert_snapshot!(refused("continuous: [{ notice: [qa] }]"), @"
    p.yml:4:28: `environments.production.continuous.notice` is for releases of a train
      write it under `train`, or remove it
    ");
}

#[test]
fn a_pipeline_that_is_named_by_half_or_by_nothing() {
    let pinned = |workflow: &str| refused(&format!("pipelines:\n  workflows: [\"{workflow}\"]\n"));
    insta::assert_snapshot!(pinned("acme/deploy/.github/workflows/deploy.yml@main"), @"
    p.yml:2:15: `pipelines.workflows` is `acme/deploy/.github/workflows/deploy.yml@main`
      write OWNER/REPOSITORY/.github/workflows/FILE.yml@REF with the whole ref, like refs/heads/main, or a commit
    ");
    for workflow in [
        "",
        "deploy.yml@refs/heads/main",
        "acme/deploy/.github/workflows/deploy.yml",
        "acme/deploy/.github/workflows/deploy.yml@",
        "acme/deploy/.github/workflows/deploy.yml@refs/heads/",
        "acme/deploy/.github/workflows/deploy.yml@refs/heads/*",
        "acme/deploy/.github/workflows/deploy.yml@refs/pull/1/merge",
        "acme/deploy/.github/workflows/*.yml@refs/heads/main",
        "acme/deploy/.github/workflows/a/deploy.yml@refs/heads/main",
        "acme/deploy/.github/workflows/deploy.sh@refs/heads/main",
        "acme/deploy/ci/deploy.yml@refs/heads/main",
        "acme/de ploy/.github/workflows/deploy.yml@refs/heads/main",
    ] {
        assert!(pinned(workflow).contains("`pipelines.workflows` is"), "{workflow}");
    }
    let issuer = |issuer: &str, rest: &str| {
        refused(&format!(
            "pipelines:\n  issuers:\n    - {{ issuer: \"{issuer}\", repository: acme/web, {rest} }}\n"
        ))
    };
    insta::assert_snapshot!(issuer("http://ci.example.com", "when: {}"), @"
    p.yml:3:7: `pipelines.issuers` asks nothing of the token
      anybody with a token of this issuer could ask; say in `when` which claims it must have
    p.yml:3:17: `pipelines.issuers.issuer` is `http://ci.example.com`
      write an address that begins with https://, as the issuer itself writes it
    ");
    insta::assert_snapshot!(issuer("https://token.actions.githubusercontent.com", "when: { a: \"{commit}\" }"), @"
    p.yml:3:17: `pipelines.issuers.issuer` is `https://token.actions.githubusercontent.com`
      GitHub Actions may ask without being named here; remove this entry, and name its workflows under `workflows`
    p.yml:3:97: `pipelines.issuers.when.a` is `{commit}`
      write the claim's whole text, or one of {environment}, {sha}, {ref} and {run} for what is asked for
    ");
    for address in [
        "",
        "ci.example.com",
        "https://",
        "https://u@ci.example.com",
        "https://ci.example.com?x",
        "https://ci.example.com/#x",
        "http://127.0.0.1.example.com",
        "http://169.254.169.254",
        "https://é.example",
    ] {
        assert!(issuer(address, "when: { a: b }").contains("`pipelines.issuers.issuer` is"), "{address}");
    }
    insta::assert_snapshot!(refused_beside_an_organisation("pipelines: {}\n"), @"
    p.yml:1:1: `pipelines` stands in a repository's own file
      only the organisation's policy says which pipelines may ask; remove it here
    ");
}

#[test]
fn images_that_are_built_from_nowhere_and_run_nowhere() {
    let with = |gitops: &str| {
        refused(&format!("environments:\n  production: {}\n  staging: {}\ngitops:\n{gitops}", "{}", "{}"))
    };
    insta::assert_snapshot!(with("  repository: acme/deploy\n  paths: []\n  images: {}\n"), @r#"
    p.yml:5:3: `gitops` does not say where the images run
      `environments` does not have just one, named without a star; add `environment: NAME`
    p.yml:6:10: `gitops.paths` is an empty list
      nothing would ever be promoted; name some files
    p.yml:7:11: `gitops.images` is empty
      name each image with the repository that it is built from, like ghcr.io/acme/web: acme/web
    "#);
    insta::assert_snapshot!(with("  - { repository: deploy, paths: [/x, a, a], images: { \"ghcr.io/acme/web:v1\": acme/web, ghcr.io/acme/api: web }, environment: production }\n"), @r#"
    p.yml:5:19: `gitops.repository` is `deploy`
      write one repository as owner/name
    p.yml:5:35: `gitops.paths` is `/x`
      write it from the top of the repository without a leading slash, like docs/** or *.md
    p.yml:5:42: `gitops.paths` names `a` twice
      remove one of them
    p.yml:5:56: `gitops.images.ghcr.io/acme/web:v1` is no name of an image
      write it as the files do, in small letters and without a tag or a digest, like ghcr.io/acme/web
    p.yml:5:107: `gitops.images.ghcr.io/acme/api` is `web`
      write one repository as owner/name
    "#);
    insta::assert_snapshot!(with("  - { repository: acme/deploy, paths: [a], images: { web: evil/web }, environment: \"prod-*\" }\n  - { repository: acme/deploy, path: [a] }\n"), @r#"
    p.yml:6:5: `gitops` has no `paths`
      add `paths`, like ["envs/prod/**"]
    p.yml:6:5: `gitops` has no `images`
      add `images`, like { ghcr.io/acme/web: acme/web }
    p.yml:6:32: `gitops.path` is not a key that Changegate knows
      did you mean `paths`?
    "#);
    insta::assert_snapshot!(refused_beside_an_organisation("gitops: { repository: acme/deploy, paths: [a], images: { web: acme/web } }\n"), @r#"
    p.yml:1:1: `gitops` stands in a repository's own file
      only the organisation's policy says what images are built from; remove it here
    p.yml:1:9: `gitops` does not say where the images run
      `environments` does not have just one, named without a star; add `environment: NAME`
    "#);
}

#[test]
fn whoever_is_told_nothing_or_of_whom_nobody_knows() {
    let with = |entry: &str| {
        refused(&format!(
            "groups: {{ qa: [kim] }}\naccounts: {{ sales: {{ sponsor: dana }} }}\nnotify:\n{entry}"
        ))
    };
    insta::assert_snapshot!(with("  - { to: triage }\n  - { to: \"#triage\", for: triagr }\n  - { to: sales, for: sponsor }\n"), @"
    p.yml:4:5: `notify` says neither `for` whom nor `about` what
      name a role or a group, or list what is told
    p.yml:5:11: `notify.to` is `#triage`
      write the channel as the settings of the server call it, in lower-case letters, digits and hyphens
    p.yml:5:27: `notify.for` names `triagr`, which is no group or role of this file
      did you mean `triager`?
    p.yml:6:23: `notify.for` is `sponsor`, and `account` is missing
      name the account whose sponsor is told
    ");
    insta::assert_snapshot!(with("  - { to: sales, for: sponsor, account: sale }\n  - { to: desk, about: [queue] }\n"), @"
    p.yml:4:41: `notify.account` names `sale`, which is no account of this file
      did you mean `sales`?
    p.yml:5:24: `notify.about` lists `queue`, and nothing says when
      write `digest: Mon-Fri 09:00` beside it: what waits is told at times, not at once
    ");
    insta::assert_snapshot!(with("  - { to: desk, about: [weather] }\n"), @"
    p.yml:4:25: `notify.about` is `weather`
      write requests, queue, decisions, plans, deliveries, releases, attempts, exceptions or policy
    ");
    insta::assert_snapshot!(with("  - { to: desk, for: qa, digest: daily, hours: [at night] }\n"), @"
    p.yml:4:34: `notify.digest` is `daily`
      write when it leaves, like first Thursday 10:00, Thursday 10:00 or 2 weeks from 2027-01-07 10:00
    p.yml:4:49: `notify.hours` is `at night`
      write days and hours like Tue-Thu 09:00-16:00
    ");
    insta::assert_snapshot!(with("  - { to: desk, for: qa }\n  - { to: desk, for: qa, about: [policy] }\n"), @"
    p.yml:5:5: `notify` tells `desk` the same people a second time
      put both together in one entry
    ");
    insta::assert_snapshot!(refused_beside_an_organisation("notify: []\n"), @"
    p.yml:1:1: `notify` stands in a repository's own file
      only the organisation's policy says who is told by chat or mail; remove it here
    ");
}
