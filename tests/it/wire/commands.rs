//! The command line as an operator meets it: what each command says, and the code that it ends with.

use std::fs;

use sqlx::Connection as _;

use super::{
    place::{Place, Said},
    server::PROGRAM,
};
use crate::support::{Database, databases};

const COMMANDS: [&str; 32] = [
    "",
    "serve",
    "demo",
    "policy",
    "policy check",
    "policy schema",
    "inbox",
    "inbox parked",
    "inbox replay",
    "audit",
    "audit verify",
    "changes",
    "import",
    "triage",
    "plan",
    "planning",
    "planning open",
    "calendar",
    "accounts",
    "doctor",
    "emergency",
    "gate",
    "gate wait",
    "gate check",
    "gate report",
    "permit",
    "permit verify",
    "sweeps",
    "token",
    "token create",
    "token list",
    "token revoke",
];

fn all(said: &Said) -> String {
    format!("exit {}\n{}{}", said.code.unwrap(), said.out, said.err)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_explains_itself() {
    let place = Place::open(Database::sqlite()).await;
    let mut texts = String::new();
    for command in COMMANDS {
        let arguments: Vec<&str> =
            command.split(' ').filter(|word| !word.is_empty()).chain(["--help"]).collect();
        let said = place.run(&arguments);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{command}");
        texts += &format!("$ changegate {}\n{}\n", arguments.join(" "), said.out);
    }
    insta::assert_snapshot!(texts, @"
    $ changegate --help
    Change control for teams on GitHub: labelled issues become change requests, milestones become releases, and production deployments wait until change control passes.

    Usage: changegate [OPTIONS] <COMMAND>

    Commands:
      serve      Run the server
      demo       Play a story against a small GitHub in this process: nothing to set up, nothing to clean up
      policy     The policy file: check it, and let editors complete it
      inbox      Deliveries that wait for a person
      audit      The audit log
      gate       Ask, from a pipeline, whether it may deploy. Needs no settings of the server
      permit     Permits, as the gate gives them
      changes    The register: every change request, and how far it is
      import     Take in what is there: every open issue and pull request of an organisation, and what was closed within a year, to know how many there are, how old, whose, and which look dead or doubled. Writes nothing to GitHub; goes on where it was broken off
      triage     What waits for a decision, over all repositories: the oldest first, and what is overdue
      plan       The plan: what goes into which release, what is wanted next, what came into production
      planning   Planning meetings: an issue with an agenda, in which people decide
      calendar   The plan as a calendar file (iCalendar): when releases leave and lock, and when nothing is deployed
      accounts   Who asks for how much, and gets how much, within twelve months
      doctor     Look at how it is set up, and say what is wrong: settings, the App's permissions and events, webhooks, required checks, environments, ways round them. Asks GitHub, with the server's settings
      channels   Who is told by chat and mail, and how far; or send a channel a message to see whether it comes
      sweeps     How far the hourly comparison with GitHub is, and what it repaired
      emergency  Declare an emergency where there is no issue for it: one is opened, and what it is owed for is asked for afterwards
      token      Tokens for pipelines whose CI system writes none of its own
      help       Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate serve --help
    Run the server

    Usage: changegate serve [OPTIONS]

    Options:
          --config <FILE>          The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --insecure-short-secret  Accept a webhook secret under 32 bytes, for trials only
          --pull                   Fetch deliveries from GitHub every few seconds: for a server that no webhook can reach
      -h, --help                   Print help
      -V, --version                Print version

    Settings (file key = the name in lower case without CHANGEGATE_):
      CHANGEGATE_LISTEN                  where to listen [127.0.0.1:8080]
      CHANGEGATE_METRICS_LISTEN          where to tell /metrics, so that it is not public [where everything else is]
      CHANGEGATE_PUBLIC_URL              how people, pipelines and GitHub reach this server; tokens of pipelines must be for it
      CHANGEGATE_DATABASE_URL            sqlite:FILE or postgres://... [sqlite:changegate.db]
      CHANGEGATE_GITHUB_API_URL          [https://api.github.com]
      CHANGEGATE_GITHUB_WEB_URL          [https://github.com]
      CHANGEGATE_APP_ID                  the App's number
      CHANGEGATE_OIDC_ISSUERS            who writes the tokens of GitHub Actions, with commas between [this GitHub's own]
      CHANGEGATE_TRUSTED_ROOT[_FILE]     by whose certificates attestations of images are verified
      CHANGEGATE_PRIVATE_KEY[_FILE]      the App's private key (PEM)
      CHANGEGATE_WEBHOOK_SECRET[_FILE]   one per line; all of them are accepted
      CHANGEGATE_ANNOUNCE_URL            who is told what changes, signed as Standard Webhooks says [nobody]
      CHANGEGATE_ANNOUNCE_SECRET[_FILE]  whsec_...; one per line; all of them sign
      CHANGEGATE_REQUESTS_PER_MINUTE     how many requests one token, or the jobs of one repository, may make of the gate [600]
      CHANGEGATE_NOTIFY_HOSTS            whom pipelines may have called that do not wait, with commas between [nobody]
      CHANGEGATE_NOTIFY_SECRET[_FILE]    whsec_...; one per line; all of them sign
      CHANGEGATE_NOTIFY_PRIVATE          true: addresses of private networks may be called, too [false]
      CHANGEGATE_CHANNELS[_FILE]         whom policies may have told: ACCOUNT/NAME and slack URL, teams URL or mail ADDRESS; one per line
      CHANGEGATE_SMTP_URL[_FILE]         who takes mail: smtps://USER:PASSWORD@HOST
      CHANGEGATE_MAIL_FROM               from which address mail comes
      CHANGEGATE_REGISTRY_HOSTS          registries that are asked what labels of images say, with commas between [nobody]
      CHANGEGATE_REGISTRY_LOGIN[_FILE]   HOST USER:PASSWORD; one per line
      CHANGEGATE_REGISTRY_PRIVATE        true: they may stand in private networks [false]
      CHANGEGATE_PAYLOAD_RETENTION_DAYS  how long bodies of deliveries are kept [30]
    Environment only:
      CHANGEGATE_LOG                     error, warn, info, debug or trace [info]

    $ changegate demo --help
    Play a story against a small GitHub in this process: nothing to set up, nothing to clean up

    Usage: changegate demo [OPTIONS]

    Options:
          --config <FILE>          The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --keep                   Leave the server and the small GitHub running until Ctrl-C
          --story <change|intake>  Which story: a change on its way to production, or how 325 requests become a plan [default: change]
          --out <DIR>              Of the story of requests: write what GitHub holds and what Changegate says of it into this folder
      -h, --help                   Print help
      -V, --version                Print version

    $ changegate policy --help
    The policy file: check it, and let editors complete it

    Usage: changegate policy [OPTIONS] <COMMAND>

    Commands:
      check   Say what a policy file means, or what is wrong with it
      schema  Print the JSON Schema of the policy file
      help    Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate policy check --help
    Say what a policy file means, or what is wrong with it

    Usage: changegate policy check [OPTIONS] <FILE>

    Arguments:
      <FILE>  The file, usually .github/changegate.yml

    Options:
          --config <FILE>    The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --repository       Read it as the file of a repository whose organisation has a policy of its own
          --on <OWNER/NAME>  Say, too, which of GitHub's own rules in this repository would stop one person on call who is alone in an emergency. Asks GitHub, with the server's settings
      -h, --help             Print help
      -V, --version          Print version

    $ changegate policy schema --help
    Print the JSON Schema of the policy file

    Usage: changegate policy schema [OPTIONS]

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate inbox --help
    Deliveries that wait for a person

    Usage: changegate inbox [OPTIONS] <COMMAND>

    Commands:
      parked  List what could not be read or judged, and why
      replay  Try one again
      check   Read every stored body back, and say whether it still is what was delivered. Reads only
      help    Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate inbox parked --help
    List what could not be read or judged, and why

    Usage: changegate inbox parked [OPTIONS]

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate inbox replay --help
    Try one again

    Usage: changegate inbox replay [OPTIONS] <ID>

    Arguments:
      <ID>  The id that `parked` shows

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate audit --help
    The audit log

    Usage: changegate audit [OPTIONS] <COMMAND>

    Commands:
      verify  Check that no entry of the log was changed, cut or reordered. Reads only
      help    Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate audit verify --help
    Check that no entry of the log was changed, cut or reordered. Reads only

    Usage: changegate audit verify [OPTIONS]

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate changes --help
    The register: every change request, and how far it is

    Usage: changegate changes [OPTIONS]

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate import --help
    Take in what is there: every open issue and pull request of an organisation, and what was closed within a year, to know how many there are, how old, whose, and which look dead or doubled. Writes nothing to GitHub; goes on where it was broken off

    Usage: changegate import [OPTIONS] --org <LOGIN>

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --org <LOGIN>    The organisation or user on which the App is installed
          --again          From the beginning, where an earlier one has ended
          --json           As JSON
      -h, --help           Print help
      -V, --version        Print version

    $ changegate triage --help
    What waits for a decision, over all repositories: the oldest first, and what is overdue

    Usage: changegate triage [OPTIONS]

    Options:
          --account <NAME>  Of this account only; `none` for what belongs to no account
          --config <FILE>   The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --system <NAME>   Of this system only
          --kind <KIND>     Of this kind only: change, project or infrastructure
          --overdue         Only what has waited too long
          --incomplete      Only what lacks information
          --json            As JSON
      -h, --help            Print help
      -V, --version         Print version

    $ changegate plan --help
    The plan: what goes into which release, what is wanted next, what came into production

    Usage: changegate plan [OPTIONS]

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --json           As JSON
          --html <FILE>    Write it as a page that can be printed or sent
      -h, --help           Print help
      -V, --version        Print version

    $ changegate planning --help
    Planning meetings: an issue with an agenda, in which people decide

    Usage: changegate planning [OPTIONS] <COMMAND>

    Commands:
      open  Open the planning meeting of a train: one issue, beside the published plan, with what is new, what is wanted next, what clashes and what is overdue. People decide there by commands; whoever closes it ends it, and the minutes are written
      help  Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate planning open --help
    Open the planning meeting of a train: one issue, beside the published plan, with what is new, what is wanted next, what clashes and what is overdue. People decide there by commands; whoever closes it ends it, and the minutes are written

    Usage: changegate planning open [OPTIONS] [TRAIN]

    Arguments:
      [TRAIN]  The train, where the policy names several

    Options:
          --account <LOGIN>  The organisation or user, where the App is installed on several
          --config <FILE>    The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help             Print help
      -V, --version          Print version

    $ changegate calendar --help
    The plan as a calendar file (iCalendar): when releases leave and lock, and when nothing is deployed

    Usage: changegate calendar [OPTIONS]

    Options:
          --account <NAME>  With the change requests of this account only
          --config <FILE>   The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help            Print help
      -V, --version         Print version

    $ changegate accounts --help
    Who asks for how much, and gets how much, within twelve months

    Usage: changegate accounts [OPTIONS]

    Options:
          --config <FILE>   The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --without <NAME>  How it would be without this account
          --json            As JSON
      -h, --help            Print help
      -V, --version         Print version

    $ changegate doctor --help
    Look at how it is set up, and say what is wrong: settings, the App's permissions and events, webhooks, required checks, environments, ways round them. Asks GitHub, with the server's settings

    Usage: changegate doctor [OPTIONS]

    Options:
          --config <FILE>    The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --on <OWNER/NAME>  Of the repositories, only this one; may be given several times
          --json             As JSON
      -h, --help             Print help
      -V, --version          Print version

    $ changegate emergency --help
    Declare an emergency where there is no issue for it: one is opened, and what it is owed for is asked for afterwards

    Usage: changegate emergency [OPTIONS] --repository <OWNER/NAME> --by <LOGIN> --reason <WHY>

    Options:
          --config <FILE>            The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --repository <OWNER/NAME>  The repository, as owner/name
          --by <LOGIN>               Who declares it: the GitHub login of somebody whom policy names `break-glass`
          --reason <WHY>             Why, in a sentence
          --pull-request <N>         A pull request of the repository that is part of it
          --incident <URL>           Where the incident is described
      -h, --help                     Print help
      -V, --version                  Print version

    That it is LOGIN who declares it is your word as the operator of this server, and is recorded as such.
    While it lasts, the commits of its pull requests pass Changegate's rules about release, window, freezes and signatures.
    Not so GitHub's own rules. One person on call alone cannot pass:
      required reviews of a branch     let the on-call team bypass the rule, or merge with an administrator
      reviewers of an environment      a reviewer has to press the button; `prevent self-review` refuses whoever started the run
      a wait timer of an environment   it runs; only an administrator starts the jobs before
    Quicker, if it helps: run the deployment again that ran before; Changegate lets that pass at once.

    $ changegate gate --help
    Ask, from a pipeline, whether it may deploy. Needs no settings of the server

    Usage: changegate gate [OPTIONS] <COMMAND>

    Commands:
      wait     Ask whether a commit may be deployed, and wait until that is decided
      request  Ask, and do not wait: be told when it is decided, and ask again then
      report   Say how far a deployment of a pipeline outside GitHub is: what runs is known from it
      check    Ask the same, and do not wait
      help     Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate gate wait --help
    Ask whether a commit may be deployed, and wait until that is decided

    Usage: changegate gate wait [OPTIONS] --environment <NAME> --server <URL> --repository <OWNER/NAME> --sha <SHA>

    Options:
          --config <FILE>            The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --environment <NAME>       The environment, as GitHub and the policy call it [env: CHANGEGATE_ENVIRONMENT=]
          --server <URL>             The address of the Changegate server [env: CHANGEGATE_SERVER=]
          --repository <OWNER/NAME>  The repository on GitHub, as owner/name [env: GITHUB_REPOSITORY=]
          --sha <SHA>                The whole hash of the commit [env: GITHUB_SHA=]
          --pipeline <NAME>          What the pipeline is called; its runs supersede each other [github-actions, gitlab or jenkins where it runs there] [env: CHANGEGATE_PIPELINE=]
          --run <ID>                 The run of the pipeline, by its own number or name [that of GitHub Actions, GitLab or Jenkins]
          --attempt <N>              Which attempt of the run [env: GITHUB_RUN_ATTEMPT=] [default: 1]
          --token-file <FILE>        A file with the token, read anew for each request; else CHANGEGATE_TOKEN
          --ref <REF>                The branch or tag that it comes from [env: GITHUB_REF=]
          --release <TITLE>          The release that is meant, by its title; whichever ships the commit if nothing is said
          --component <NAME>         The component of a monorepo that is meant, as the policy calls it
          --purpose <PURPOSE>        What is meant [default: deploy] [possible values: deploy, rollback]
          --output <OUTPUT>          How to say it: for people, as JSON, or for GitHub Actions with annotations, a step summary and outputs [default: text] [possible values: text, json, github]
          --permit-file <FILE>       Where to write the permit
          --attestation-file <FILE>  Where to write the permit as other checkers read it: a DSSE envelope with an in-toto statement
          --timeout <TIME>           For how long to wait: 90s, 30m, 2h [default: 30m]
          --break-glass <FILE>       Do not ask: go by this permit, which was sealed beforehand. For when the server cannot be reached
          --reason <WHY>             Why it cannot wait, in a sentence
          --keys <FILE>              The keys of the server, saved beforehand from its `/.well-known/jwks.json`
          --receipt <FILE>           Where to write down that it was used [changegate-break-glass-ID.json]
          --by <NAME>                Who does it [whom the pipeline names]
      -h, --help                     Print help
      -V, --version                  Print version

    Ends with: 0 allowed, and the permit checked (or nothing is enforced there); 1 denied; 2 wrong usage;
    75 it could not be found out, and nothing was allowed; 124 not decided in time.
    Inside GitHub Actions with `permissions: id-token: write` no secret is needed; elsewhere CHANGEGATE_TOKEN holds a token
    made with `changegate token create`, or one of an OpenID Connect issuer that the policy names.
    `wait --break-glass FILE` asks nobody: it ends with 0 when FILE is a sealed permit for this repository and environment, 1 when it
    is not or was used here before.

    $ changegate gate check --help
    Ask the same, and do not wait

    Usage: changegate gate check [OPTIONS] --environment <NAME> --server <URL> --repository <OWNER/NAME> --sha <SHA>

    Options:
          --config <FILE>            The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --environment <NAME>       The environment, as GitHub and the policy call it [env: CHANGEGATE_ENVIRONMENT=]
          --server <URL>             The address of the Changegate server [env: CHANGEGATE_SERVER=]
          --repository <OWNER/NAME>  The repository on GitHub, as owner/name [env: GITHUB_REPOSITORY=]
          --sha <SHA>                The whole hash of the commit [env: GITHUB_SHA=]
          --pipeline <NAME>          What the pipeline is called; its runs supersede each other [github-actions, gitlab or jenkins where it runs there] [env: CHANGEGATE_PIPELINE=]
          --run <ID>                 The run of the pipeline, by its own number or name [that of GitHub Actions, GitLab or Jenkins]
          --attempt <N>              Which attempt of the run [env: GITHUB_RUN_ATTEMPT=] [default: 1]
          --token-file <FILE>        A file with the token, read anew for each request; else CHANGEGATE_TOKEN
          --ref <REF>                The branch or tag that it comes from [env: GITHUB_REF=]
          --release <TITLE>          The release that is meant, by its title; whichever ships the commit if nothing is said
          --component <NAME>         The component of a monorepo that is meant, as the policy calls it
          --purpose <PURPOSE>        What is meant [default: deploy] [possible values: deploy, rollback]
          --output <OUTPUT>          How to say it: for people, as JSON, or for GitHub Actions with annotations, a step summary and outputs [default: text] [possible values: text, json, github]
          --permit-file <FILE>       Where to write the permit
          --attestation-file <FILE>  Where to write the permit as other checkers read it: a DSSE envelope with an in-toto statement
      -h, --help                     Print help
      -V, --version                  Print version

    Ends with: 0 allowed, and the permit checked (or nothing is enforced there); 1 denied; 2 wrong usage;
    75 it could not be found out, and nothing was allowed; 124 not decided in time.
    Inside GitHub Actions with `permissions: id-token: write` no secret is needed; elsewhere CHANGEGATE_TOKEN holds a token
    made with `changegate token create`, or one of an OpenID Connect issuer that the policy names.
    `wait --break-glass FILE` asks nobody: it ends with 0 when FILE is a sealed permit for this repository and environment, 1 when it
    is not or was used here before.

    $ changegate gate report --help
    Say how far a deployment of a pipeline outside GitHub is: what runs is known from it

    Usage: changegate gate report [OPTIONS] --server <URL> [STATE]

    Arguments:
      [STATE]
              How far it is

              Possible values:
              - started:   It has begun to change what runs
              - succeeded: It runs: what is deployed next is compared with it
              - failed

    Options:
          --break-glass <RECEIPT>
              The receipt of a sealed permit that was used (`gate wait --break-glass`): it says the rest

          --config <FILE>
              The settings file; the environment (CHANGEGATE_...) wins over it
              
              [env: CHANGEGATE_CONFIG=]

          --environment <NAME>
              The environment, as GitHub and the policy call it
              
              [env: CHANGEGATE_ENVIRONMENT=]

          --server <URL>
              The address of the Changegate server
              
              [env: CHANGEGATE_SERVER=]

          --repository <OWNER/NAME>
              The repository on GitHub, as owner/name
              
              [env: GITHUB_REPOSITORY=]

          --sha <SHA>
              The whole hash of the commit
              
              [env: GITHUB_SHA=]

          --pipeline <NAME>
              What the pipeline is called [gitlab or jenkins where it runs there]
              
              [env: CHANGEGATE_PIPELINE=]

          --run <ID>
              The run of the pipeline, by its own number or name [that of GitLab or Jenkins]

          --attempt <N>
              Which attempt of the run
              
              [env: GITHUB_RUN_ATTEMPT=]
              [default: 1]

          --token-file <FILE>
              A file with the token; else CHANGEGATE_TOKEN

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    GitHub Actions needs none of this: GitHub knows of its own jobs. To go back is a deployment of its own, of the commit that
    ran before.

    $ changegate permit --help
    Permits, as the gate gives them

    Usage: changegate permit [OPTIONS] <COMMAND>

    Commands:
      verify  Say what a permit is for, if it is one and still good. Needs no server where the keys lie in a file
      keys    Print the keys as PEM, for checkers that read no JWKS
      seal    Make permits beforehand, for when the server cannot be reached (`gate wait --break-glass`). Needs the server's settings
      help    Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate permit verify --help
    Say what a permit is for, if it is one and still good. Needs no server where the keys lie in a file

    Usage: changegate permit verify [OPTIONS] <FILE>

    Arguments:
      <FILE>  The file with the permit or its attestation, as `gate wait` writes them

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --keys <FILE>    The keys, as `/.well-known/jwks.json` of the server gives them
          --server <URL>   The server whose keys are fetched instead [env: CHANGEGATE_SERVER=]
      -h, --help           Print help
      -V, --version        Print version

    Ends with: 0 it is a permit and good now; 1 it is none, or over; 2 a file cannot be read; 75 the keys cannot be had.
    What it is for is printed: compare commit, environment and run with what is to be deployed.

    $ changegate sweeps --help
    How far the hourly comparison with GitHub is, and what it repaired

    Usage: changegate sweeps [OPTIONS]

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate token --help
    Tokens for pipelines whose CI system writes none of its own

    Usage: changegate token [OPTIONS] <COMMAND>

    Commands:
      create  Make a token and print it, this once. It is kept as its SHA-256
      list    List the tokens: what each is for, how long it counts, and when it was used last
      revoke  Take a token back. It counts no more from this moment on
      help    Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate token create --help
    Make a token and print it, this once. It is kept as its SHA-256

    Usage: changegate token create [OPTIONS] --name <NAME> --repository <OWNER/NAME>

    Options:
          --config <FILE>              The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
          --name <NAME>                What people call it
          --repository <OWNER/NAME>    The only repository that it is for, as owner/name
          --environment <ENVIRONMENT>  The only environment that it is for [any]
          --whole-account              It sees everything of the account that has the repository; with `--may read` alone
          --may <MAY>...               What it may do: gate, report or read [default: gate report]
          --expires <DAYS>             How many days it lasts, at most 90 [default: 30d]
      -h, --help                       Print help
      -V, --version                    Print version

    $ changegate token list --help
    List the tokens: what each is for, how long it counts, and when it was used last

    Usage: changegate token list [OPTIONS]

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version

    $ changegate token revoke --help
    Take a token back. It counts no more from this moment on

    Usage: changegate token revoke [OPTIONS] <ID>

    Arguments:
      <ID>  The id that `list` shows

    Options:
          --config <FILE>  The settings file; the environment (CHANGEGATE_...) wins over it [env: CHANGEGATE_CONFIG=]
      -h, --help           Print help
      -V, --version        Print version
    ");
    let version = place.run(&["--version"]);
    assert_eq!(version.out, format!("changegate {}\n", env!("CARGO_PKG_VERSION")));
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_none_ends_with_2() {
    let place = Place::open(Database::sqlite()).await;
    for arguments in [&["server"][..], &[], &["serve", "--fast"], &["inbox", "replay"], &["policy", "check"]]
    {
        let said = place.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(said.err.contains("Usage: changegate"), "{}", said.err);
    }
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_refused_all_at_once_each_with_its_cure() {
    let mut place = Place::open(Database::sqlite()).await;
    for (name, value) in [
        ("LISTEN", "8080"),
        ("DATABASE_URL", "mysql://u@h/x"),
        ("GITHUB_API_URL", "api.github.com"),
        ("GITHUB_WEB_URL", "ftp://github.com"),
        ("PUBLIC_URL", "https://"),
        ("APP_ID", "the app"),
        ("PRIVATE_KEY", ""),
        ("PRIVATE_KEY_FILE", "keys/app.pem"),
        ("WEBHOOK_SECRET", "short"),
        ("PAYLOAD_RETENTION_DAYS", "0"),
    ] {
        place.set(name, value);
    }
    insta::assert_snapshot!(all(&place.run(&["serve"])), @"
    exit 78
    error: CHANGEGATE_LISTEN: `8080` is no address
      cure: write ADDRESS:PORT, such as 127.0.0.1:8080
    error: CHANGEGATE_PUBLIC_URL: `https://` is no web address
      cure: write it whole, such as https://github.example.com, without user name
    error: CHANGEGATE_DATABASE_URL: `mysql:` is no database we know
      cure: use sqlite:FILE or postgres://USER@HOST/DATABASE
    error: CHANGEGATE_GITHUB_API_URL: `api.github.com` is no web address
      cure: write it whole, such as https://github.example.com, without user name
    error: CHANGEGATE_GITHUB_WEB_URL: `ftp://github.com` is no web address
      cure: write it whole, such as https://github.example.com, without user name
    error: CHANGEGATE_APP_ID: `the app` is no number
      cure: set it to the App ID that the App's settings page shows (General, About)
    error: CHANGEGATE_PRIVATE_KEY_FILE: no file at keys/app.pem
      cure: download a private key from the App's settings page (Private keys) and name its file here
    error: CHANGEGATE_WEBHOOK_SECRET: is shorter than 32 bytes and can be guessed
      cure: make a new one (`openssl rand -hex 32`); for trials only: --insecure-short-secret
    error: CHANGEGATE_PAYLOAD_RETENTION_DAYS: is too short or no number
      cure: write a number of days, at least 3: as long as GitHub can send a delivery again
    ");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_settings_is_read_and_its_faults_are_told_with_their_line() {
    let mut place = Place::open(Database::sqlite()).await;
    place.set("WEBHOOK_SECRET", "");
    let file = place.folder.path().join("changegate.toml");
    fs::write(&file, "app_id = 7\nwebhook_secret = ['only in the file, long enough for all']\n").unwrap();
    let mut command = place.prepare(PROGRAM, &["--config", "changegate.toml", "serve"]);
    place.start(&mut command).await;
    fs::write(&file, "app_id = 7\nweb_secret = 'x'\n").unwrap();
    insta::assert_snapshot!(all(&place.run(&["serve", "--config", "changegate.toml"])), @"
    exit 78
    error: --config: changegate.toml:2: unknown field `web_secret`, expected one of `listen`, `metrics_listen`, `public_url`, `database_url`, `github_api_url`, `github_web_url`, `app_id`, `oidc_issuers`, `private_key`, `private_key_file`, `webhook_secret`, `webhook_secret_file`, `trusted_root`, `trusted_root_file`, `announce_url`, `announce_secret`, `announce_secret_file`, `notify_hosts`, `notify_private`, `notify_secret`, `notify_secret_file`, `channels`, `channels_file`, `smtp_url`, `smtp_url_file`, `mail_from`, `registry_hosts`, `registry_private`, `registry_login`, `registry_login_file`, `payload_retention_days`, `requests_per_minute`
      cure: mend or remove that line; `changegate serve --help` lists the settings
    ");
    insta::assert_snapshot!(all(&place.run(&["changes", "--config", "nowhere.toml"])), @"
    exit 78
    error: --config: nowhere.toml cannot be read (No such file or directory (os error 2))
      cure: name an existing file, or leave --config out and set the environment
    ");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_is_refused_before_anything_is_served() {
    let mut place = Place::open(Database::sqlite()).await;
    place.set("PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----");
    insta::assert_snapshot!(all(&place.run(&["serve"])), @"
    exit 78
    error: private key number 1 is not an RSA key in PEM
      cure: download a private key from the App's settings page (Private keys) and set it as CHANGEGATE_PRIVATE_KEY_FILE
    ");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_file_is_refused_and_the_first_goes_on() {
    let place = Place::open(Database::sqlite()).await;
    let server = place.serve().await;
    insta::assert_snapshot!(all(&place.run(&["serve"])), @"
    exit 78
    error: another changegate already uses DATA/changegate.db
      cure: stop it first, or give this one a database of its own; several servers need PostgreSQL
    ");
    let said = place.run(&["inbox", "parked"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "the first still takes orders");
    assert_eq!(server.send(&place.letter("one", "watch", "{}")).await.status, 202);
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_is_told_with_its_cure() {
    let mut place = Place::open(Database::sqlite()).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    place.set("LISTEN", &address);
    let said = all(&place.run(&["serve"])).replace(&address, "ADDRESS");
    insta::assert_snapshot!(said, @"
    exit 75
    error: cannot listen on ADDRESS: Address already in use (os error 98)
      cure: stop what listens there, or set CHANGEGATE_LISTEN to another address
    ");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_too_deep_for_the_admin_socket_is_told_with_its_cure() {
    let mut place = Place::open(Database::sqlite()).await;
    let deep = place.folder.path().join("deep/".repeat(30));
    fs::create_dir_all(&deep).unwrap();
    place.set("DATABASE_URL", &format!("sqlite:{}/changegate.db", deep.display()));
    let said = place.run(&["serve"]);
    let error = said.err.lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>().join("\n");
    assert_eq!(said.code, Some(78));
    insta::assert_snapshot!(error.replace(&"deep/".repeat(30), "DEEP/"), @"
    error: HERE/DEEP//changegate.db.sock: path must be shorter than SUN_LEN
      cure: put the database into a folder with a shorter path: the path of the socket may have about 100 bytes
    ");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_program_is_left_alone() {
    for database in databases().await {
        let place = Place::open(database).await;
        place.serve().await.stop().await;
        let mut raw = place.raw().await;
        sqlx::query("UPDATE meta SET value = '99' WHERE name = 'schema'").execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
        for command in [
            &["serve"][..],
            &["changes"],
            &["triage"],
            &["plan"],
            &["accounts"],
            &["sweeps"],
            &["inbox", "parked"],
            &["inbox", "replay", "x"],
            &["audit", "verify"],
        ] {
            let said = place.run(command);
            assert_eq!(said.code, Some(78), "{command:?} {said:?}");
            assert!(
                said.err.contains("the database has schema 99") && said.err.contains("cure: "),
                "{said:?}"
            );
        }
        place.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_held_against_the_rules_of_github_that_would_stop_one_person_on_call() {
    let mut place = Place::open(Database::sqlite()).await;
    let write = |name: &str, text: &str| fs::write(place.folder.path().join(name), text).unwrap();
    let environments = "environments: { production: { names: [production], require: [{ range: traced }] } }";
    write("good.yml", &format!("version: 1\nroles: {{ break-glass: [sam] }}\n{environments}\n"));
    write("bad.yml", "version: 1\nmode: strict\n");
    let check = |place: &Place, file: &str, on: &str| place.run(&["policy", "check", file, "--on", on]);
    let rules = |said: &Said| {
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
        said.out.split_once("\n\n").expect("two parts").1.to_owned()
    };
    insta::assert_snapshot!(rules(&check(&place, "good.yml", "acme/web")), @r"
    GitHub's own rules in acme/web, for one person on call (sam) who is alone in an emergency:
      ✓ none of them is in the way
    ");
    place.github.require_reviews("acme/web", 1, false);
    place.github.require_reviews("acme/web", 2, true);
    place.github.guard_environment("acme/web", "production", &["tess"], 30);
    place.github.guard_environment("acme/web", "playground", &["tess"], 0);
    insta::assert_snapshot!(rules(&check(&place, "good.yml", "acme/web")), @r"
    GitHub's own rules in acme/web, for one person on call (sam) who is alone in an emergency:
      … branch `main`: ruleset “Reviews” asks for 2 reviews of others; who may bypass it GitHub does not show to the App
          cure: see to it that the people on call are on its bypass list (Settings, Rules)
      ✗ branch `main`: the protection of the branch asks for a review of somebody else; besides, only an administrator merges without
          cure: let the people on call bypass it (Settings, Branches: allow specified actors to bypass required pull requests)
      ✗ environment `production`: tess has to approve what is deployed; besides, only an administrator starts it
          cure: make the people on call one of its reviewers (Settings, Environments)
      ✗ environment `production`: it waits for 30 minutes before it starts; besides, only an administrator starts it
          cure: shorten the wait timer (Settings, Environments)
    ");
    place.github.guard_environment("acme/web", "production", &["tess", "sam"], 0);
    insta::assert_snapshot!(rules(&check(&place, "good.yml", "acme/web")), @r"
    GitHub's own rules in acme/web, for one person on call (sam) who is alone in an emergency:
      … branch `main`: ruleset “Reviews” asks for 2 reviews of others; who may bypass it GitHub does not show to the App
          cure: see to it that the people on call are on its bypass list (Settings, Rules)
      ✗ branch `main`: the protection of the branch asks for a review of somebody else; besides, only an administrator merges without
          cure: let the people on call bypass it (Settings, Branches: allow specified actors to bypass required pull requests)
      ✗ environment `production`: whoever started the run may not approve it (prevent self-review); besides, only an administrator starts it
          cure: allow self-review, or see to it that another one on call starts the run (Settings, Environments)
    ");
    let ended = |file: &str, on: &str| check(&place, file, on).code;
    assert_eq!(ended("bad.yml", "acme/web"), Some(1));
    assert_eq!(ended("good.yml", "web"), Some(2));
    insta::assert_snapshot!(check(&place, "good.yml", "acme/nowhere").err, @r"
    error: GitHub's own rules in acme/nowhere could not be read: the App is not installed on acme/nowhere, or there is none
      cure: try again; the policy file itself has no error
    ");
    assert_eq!(ended("good.yml", "acme/nowhere"), Some(75));
    place.set("GITHUB_API_URL", "http://127.0.0.1:9");
    assert_eq!(check(&place, "good.yml", "acme/web").code, Some(75));
    place.set("APP_ID", "");
    assert_eq!(check(&place, "good.yml", "acme/web").code, Some(78));
    assert_eq!(check(&place, "bad.yml", "acme/web").code, Some(1), "the file comes first");
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_explained_or_refused_with_line_and_cure() {
    let place = Place::open(Database::sqlite()).await;
    let write = |name: &str, text: &str| fs::write(place.folder.path().join(name), text).unwrap();
    write("good.yml", "version: 1\nmode: enforce\nroles: { triager: [acme/triage] }\n");
    write("bad.yml", "version: 1\nmode: strict\nrolls: {}\n");
    write("broken.yml", "version: [1\n");
    insta::assert_snapshot!(all(&place.run(&["policy", "check", "good.yml"])), @"
    exit 0
    mode enforce, times in UTC
    triagers: team acme/triage
    intake label change-request
    ");
    insta::assert_snapshot!(all(&place.run(&["policy", "check", "bad.yml"])), @"
    exit 1
    bad.yml:2:7: `mode` is `strict`
      write observe, advise or enforce
    bad.yml:3:1: `rolls` is not a key that Changegate knows
      did you mean `roles`?
    ");
    insta::assert_snapshot!(all(&place.run(&["policy", "check", "broken.yml"])), @"
    exit 1
    broken.yml:1:10: this is not YAML that can be read: unclosed bracket '['
      look at the indentation, quotes and brackets here and on the line above
    ");
    insta::assert_snapshot!(all(&place.run(&["policy", "check", "nowhere.yml"])), @"
    exit 2
    error: nowhere.yml cannot be read: No such file or directory (os error 2)
      cure: name a policy file; in a repository it is .github/changegate.yml
    ");
    let schema = place.run(&["policy", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(&schema.out).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let check = jsonschema::validator_for(&schema).unwrap();
    assert!(check.is_valid(&serde_json::json!({ "version": 1, "mode": "enforce" })));
    assert!(!check.is_valid(&serde_json::json!({ "version": 1, "rolls": {} })));
    place.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_are_the_same_with_the_server_running_and_stopped() {
    for database in databases().await {
        let place = Place::open(database).await;
        let server = place.serve().await;
        place.settle(&server).await;
        let title = "Export\u{1b}[2J as CSV";
        place.github.by("sam").open_labelled_issue("acme/web", title, "Please.", &["change-request"]);
        place.settle(&server).await;
        assert_eq!(server.send(&place.letter("unreadable", "issues", "{")).await.status, 202);
        server.idle().await;
        let lists = || {
            ["changes", "inbox parked", "audit verify", "triage", "plan", "accounts"]
                .map(|list| place.run(&words(list)))
        };
        let running = lists();
        assert_eq!(server.stop().await.0, Some(0));
        let stopped = lists();
        for (with, without) in running.iter().zip(&stopped) {
            assert_eq!((with.code, without.code), (Some(0), Some(0)), "{with:?} {without:?}");
            assert_eq!((&with.out, &with.err), (&without.out, &without.err));
            assert!(!with.out.contains('\u{1b}'), "it would steer the terminal: {with:?}");
        }
        assert!(running[0].out.contains("acme/web#1") && running[0].out.contains("as CSV"), "{running:?}");
        assert!(running[1].out.contains("unreadable"), "{running:?}");
        assert!(running[2].out.contains("whole. Head: "), "{running:?}");
        assert!(running[3].out.contains("1 waiting, 0 of them overdue"), "{running:?}");
        assert!(running[4].out.contains("No release is planned"), "{running:?}");
        assert!(running[5].out.contains("100 %"), "{running:?}");
        assert_eq!(place.run(&["sweeps"]).code, Some(0), "a sweep may be going on");
        replays_without_a_server(&place).await;
        finds_a_change_of_the_log(&place).await;
        place.close().await;
    }
}

fn words(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

async fn replays_without_a_server(place: &Place) {
    let said = place.run(&["inbox", "replay", "unreadable"]);
    assert_eq!(all(&said), "exit 0\nunreadable is tried again\n");
    assert!(place.stored().await.iter().any(|one| one.id == "unreadable" && one.is_waiting));
    insta::allow_duplicates! {
        insta::assert_snapshot!(all(&place.run(&["inbox", "replay", "nothing"])), @"
        exit 1
        error: no delivery has the id nothing
          cure: `changegate inbox parked` lists the ids
        ");
    }
}

async fn finds_a_change_of_the_log(place: &Place) {
    let mut raw = place.raw().await;
    let tampered = sqlx::query(
        "UPDATE audit SET at = at + 1, body = replace(body, '\"seq\":1', '\"seq\": 1') WHERE seq = 1",
    );
    assert!(tampered.execute(&mut raw).await.unwrap().rows_affected() > 0);
    raw.close().await.unwrap();
    let said = place.run(&["audit", "verify"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("BROKEN at entry 1: "), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_database_is_a_command_makes_none() {
    let place = Place::open(Database::sqlite()).await;
    for command in
        ["changes", "triage", "plan", "accounts", "sweeps", "inbox parked", "inbox replay x", "audit verify"]
    {
        let said = place.run(&words(command));
        insta::allow_duplicates! {
            insta::assert_snapshot!(all(&said), @"
            exit 75
            error: no database at DATA/changegate.db
              cure: name it in CHANGEGATE_DATABASE_URL, as for `changegate serve`
            ");
        }
    }
    assert!(!place.database_file().unwrap().exists());
    place.close().await;
}
