//! What clients of the gate rely on. A change here is a change of the API: a field that is gone or newly required breaks them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The description, a line for each address and each field: what is asked with, what is answered, what must be there.
fn outline() -> String {
    let description: Value = serde_json::from_str(&super::description()).unwrap();
    let mut lines = vec![format!("OpenAPI {}", text(&description["openapi"]))];
    for (path, item) in object(&description["paths"]) {
        for (method, operation) in object(item) {
            lines.push(format!("{} {path}", method.to_uppercase()));
            lines.extend(asked_with(operation));
            let answers = object(&operation["responses"]).iter();
            let mut kinds: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            answers.for_each(|(status, answer)| kinds.entry(content(answer)).or_default().push(status));
            lines.extend(kinds.iter().map(|(kind, statuses)| format!("  {}: {kind}", statuses.join(" "))));
        }
    }
    for (name, schema) in object(&description["components"]["schemas"]) {
        lines.push(format!("{name}: {}", kind(schema)));
        let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().map(text).collect();
        lines.extend(object(&schema["properties"]).iter().map(|(field, schema)| {
            let mark = if required.contains(&field.as_str()) { "!" } else { "" };
            format!("  {field}{mark}: {}", kind(schema))
        }));
    }
    lines.join("\n")
}

fn asked_with(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameter =
        |it: &Value| format!("  {} {}: {}", text(&it["in"]), text(&it["name"]), kind(&it["schema"]));
    let body = operation.get("requestBody").map(|body| format!("  body {}", content(body)));
    parameters.map(parameter).chain(body).collect()
}

/// The kinds of body that something has.
fn content(it: &Value) -> String {
    let bodies =
        object(&it["content"]).iter().map(|(media, it)| format!("{} ({media})", kind(&it["schema"])));
    let bodies = bodies.collect::<Vec<_>>().join(" or ");
    if bodies.is_empty() { "nothing".into() } else { bodies }
}

fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    for (word, sign) in [("oneOf", " | "), ("anyOf", " | "), ("allOf", " & ")] {
        if let Some(parts) = schema[word].as_array() {
            return parts.iter().map(kind).collect::<Vec<_>>().join(sign);
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("`{}`", text(word))).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("[{}]", kind(&schema["items"])),
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" | "),
        _ => "anything".into(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn object(value: &Value) -> &Map<String, Value> {
    static NOTHING: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NOTHING)
}

#[test]
fn clients_find_the_addresses_and_fields_that_they_were_written_for() {
    insta::assert_snapshot!(outline(), @"
    OpenAPI 3.1.0
    GET /.well-known/jwks.json
      200: object (application/json)
    GET /api/v1/audit
      query cursor: string
      query limit: integer
      query repository: string
      query subject: string
      query kind: string
      query since: string
      query until: string
      200: Page_AuditItem (application/json)
      401 403 422 429 503: Problem (application/problem+json)
    GET /api/v1/changes
      query cursor: string
      query limit: integer
      query repository: string
      query state: `requested` | `needs_information` | `deferred` | `declined` | `duplicate` | `withdrawn` | `accepted` | `scheduled` | `in_work` | `merged` | `deployed` | `verified`
      query release: string
      query label: string
      query type: string
      200: Page_ChangeItem (application/json)
      401 403 422 429 503: Problem (application/problem+json)
    POST /api/v1/deployments
      body ReportRequest (application/json)
      400 401 403 404 413 415 422 429 503: Problem (application/problem+json)
      202: Reported (application/json)
    GET /api/v1/environments
      query cursor: string
      query limit: integer
      query repository: string
      query name: string
      200: Page_EnvironmentItem (application/json)
      401 403 422 429 503: Problem (application/problem+json)
    GET /api/v1/exceptions
      query cursor: string
      query limit: integer
      query repository: string
      query kind: `emergency` | `bypass` | `outage` | `unguarded` | `policy_loosened` | `policy_unsigned` | `commit_adopted` | `tag_moved` | `freeze_waived` | `carried` | `joined_after_lock` | `substitute` | `seal_repeated`
      query state: `open` | `told` | `closed`
      200: Page_ExceptionItem (application/json)
      401 403 422 429 503: Problem (application/problem+json)
    GET /api/v1/gates
      query cursor: string
      query limit: integer
      query repository: string
      query environment: string
      query decision: `allow` | `pending` | `deny` | `unavailable`
      query sha: string
      query since: string
      query until: string
      200: Page_GateItem (application/json)
      401 403 422 429 503: Problem (application/problem+json)
    POST /api/v1/gates
      query wait: string
      body GateRequest (application/json)
      200 202: GateView (application/json)
      400 401 403 404 413 415 422 429 503: Problem (application/problem+json)
    GET /api/v1/gates/{id}
      path id: string
      query wait: string
      200 202: GateView (application/json)
      401 404 422 429 503: Problem (application/problem+json)
    GET /api/v1/gates/{id}/events
      path id: string
      401 404 422 429 503: Problem (application/problem+json)
      200: Told (text/event-stream)
    GET /api/v1/releases
      query cursor: string
      query limit: integer
      query train: string
      query state: `planning` | `locked` | `go_no_go` | `approved` | `partly_deployed` | `deployed` | `backed_out` | `closed`
      200: Page_ReleaseItem (application/json)
      401 403 422 429 503: Problem (application/problem+json)
    AcceptanceItem: object | object | object | object
    AuditItem: object
      actor: integer | null
      at!: string
      code!: string
      erased!: [string]
      facts!: object
      hash!: string
      repository: string | null
      seq!: integer
      subject!: string
      texts!: object
      url: string | null
    ChangeItem: object
      acceptance!: AcceptanceItem
      contact: Person | null
      created_at: string | null
      emergency: EmergencyItem | null
      environments!: [string]
      findings!: [FindingView]
      id!: string
      labels!: [string]
      missing!: [string]
      number!: integer
      release: ReleaseName | null
      repository!: string
      requester: Person | null
      retrospective: Numbered | null
      risk: string | null
      state!: ChangeState
      states!: [StateSince]
      systems!: [string]
      title!: string
      type: string | null
      updated_at: string | null
      url: string | null
    ChangeState: `requested` | `needs_information` | `deferred` | `declined` | `duplicate` | `withdrawn` | `accepted` | `scheduled` | `in_work` | `merged` | `deployed` | `verified`
    CommitItem: object
      repository!: string
      sha!: string
      url: string | null
    DecisionView: `allow` | `pending` | `deny` | `unavailable`
    DeploymentItem: object
      at!: string
      commit!: CommitItem
      environment!: string
      id!: integer
      repository!: string
      state!: DeploymentWord
    DeploymentWord: `waiting` | `in_progress` | `failed` | `succeeded`
    EmergencyItem: object
      by!: Person
      in_force!: boolean
      owes!: boolean
      retrospective_due: string | null
      signature_due: string | null
      since!: string
      why!: string
    EnvironmentItem: object
      asks_at_gate!: boolean
      bypasses!: [integer]
      id!: string
      name!: string
      on_its_way: RunsItem | null
      ran_before: RunsItem | null
      repository!: string
      runs: RunsItem | null
      unguarded!: boolean
      unread: string | null
      url: string | null
      waiting!: [WaitingItem]
    ExceptionItem: object
      actor: integer | null
      closed_at: string | null
      emergency: EmergencyItem | null
      facts!: object
      issue: Numbered | null
      kind!: string
      opened_at!: string
      repository: string | null
      seq!: integer
      state!: ExceptionState
      subject!: string
      texts!: object
      url: string | null
    ExceptionState: `open` | `told` | `closed`
    FindingView: object
      because!: [FindingView]
      code!: string
      cure: string | null
      outcome!: OutcomeView
      rule!: string
      sentence!: string
    GateItem: object
      asked_at!: string
      gate!: GateView
    GateRequest: object
      component: string | null
      environment!: string
      notify: Notify | null
      pipeline: string
      purpose: Purpose
      ref: string | null
      release: string | null
      repository!: string
      run_attempt: integer
      run_id!: string
      sha!: string
    GateView: object
      again_at: string | null
      attestation: object | null
      baseline: string | null
      component: string | null
      decided_at: string | null
      decision!: DecisionView
      enforced!: boolean
      environment!: string
      expires_at: string | null
      findings!: [FindingView]
      goes_on!: boolean
      id!: string
      notify: Notify | null
      permit: string | null
      pipeline!: string
      policy: string | null
      purpose!: Purpose
      ref: string | null
      release: ReleaseView | null
      repository!: string
      run_attempt!: integer
      run_id!: string
      settled!: boolean
      sha!: string
    Notify: object | object
    Numbered: object
      number!: integer
      repository!: string
      url: string | null
    OutcomeView: `pass` | `pending` | `fail` | `unknown`
    Page_AuditItem: object
      items!: [object]
      next: string | null
    Page_ChangeItem: object
      items!: [object]
      next: string | null
    Page_EnvironmentItem: object
      items!: [object]
      next: string | null
    Page_ExceptionItem: object
      items!: [object]
      next: string | null
    Page_GateItem: object
      items!: [object]
      next: string | null
    Page_ReleaseItem: object
      items!: [object]
      next: string | null
    Person: object
      id!: integer
      login!: string
    Problem: object
      code!: string
      detail!: string
      status!: integer
      title!: string
      type!: string
    Purpose: `deploy` | `rollback`
    ReleaseItem: object
      candidates!: [CommitItem]
      changes!: [Numbered]
      deployments!: [DeploymentItem]
      due_on: string | null
      findings: array | null
      id!: string
      locked_at: string | null
      milestones!: [Numbered]
      opened_at: string | null
      record: Numbered | null
      signed!: boolean
      state!: ReleaseState
      title!: string
      train!: string
      whole!: boolean
    ReleaseName: object
      title!: string
      train!: string
    ReleaseState: `planning` | `locked` | `go_no_go` | `approved` | `partly_deployed` | `deployed` | `backed_out` | `closed`
    ReleaseView: object
      revision!: string
      title!: string
    ReportRequest: object
      environment!: string
      pipeline!: string
      repository!: string
      run_attempt: integer
      run_id!: string
      sealed: SealedUse | null
      sha!: string
      state!: StateReported
    Reported: object
      environment!: string
      repository!: string
      sha!: string
      state!: StateReported
    RunsItem: object
      allowed!: boolean
      commit!: CommitItem
      deployment: integer | null
      since!: string
    SealedUse: object
      at!: string
      by: string | null
      permit!: string
      reason!: string
    StateReported: `started` | `succeeded` | `failed`
    StateSince: object
      since!: string
      state!: ChangeState
    Told: object
      data!: string
      event!: string
      id: string | null
    WaitingItem: object
      commit: CommitItem | null
      decision: DecisionView | null
      findings!: [FindingView]
      run_url: string | null
      since!: string
    ");
}
