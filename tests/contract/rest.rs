//! GitHub's REST API as GitHub describes it: is this request one it takes, is this answer one it gives?

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};

use crate::material::Material;
use crate::schema::{Faults, Schema, Unknown};
use crate::specimen::{Tried, unnoticed};

/// GitHub's own API description (`@octokit/openapi`, github.com).
pub struct Rest {
    document: Value,
    compiled: Mutex<HashMap<String, Arc<Schema>>>,
}

/// One operation of the description: `get` of `/repos/{owner}/{repo}`.
struct Operation<'a> {
    name: String,
    template: &'a str,
    described: &'a Value,
}

impl Rest {
    /// The description, read once; `None` where the contract material is missing.
    pub fn load() -> Option<&'static Rest> {
        static LOADED: OnceLock<Rest> = OnceLock::new();
        let material = Material::find()?;
        Some(LOADED.get_or_init(|| Rest {
            document: material.json("@octokit/openapi/generated/api.github.com.json"),
            compiled: Mutex::default(),
        }))
    }

    /// Whether GitHub takes this request. The path is concrete (`/repos/acme/web/check-runs/12?per_page=100`); a request
    /// without a body has [`Value::Null`].
    pub fn request(&self, method: &str, path: &str, body: &Value) -> Result<(), Faults> {
        let operation = self.operation(method, path)?;
        let mut faults = self.parameter_faults(&operation, path);
        faults.extend(self.body_faults(&operation, body));
        faults.extend(beyond_the_schema(&operation, body));
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Whether GitHub gives this answer to such a request. An answer without a body has [`Value::Null`].
    pub fn response(&self, method: &str, path: &str, status: u16, body: &Value) -> Result<(), Faults> {
        let operation = self.operation(method, path)?;
        match self.response_schema(&operation, status)? {
            Some(schema) => schema.check(body),
            None if body.is_null() => Ok(()),
            None => Err(vec![format!("{} answers {status} without a body", operation.name)]),
        }
    }

    /// The damages to the body of a request that its description does not notice, and how many were tried.
    ///
    /// # Panics
    /// When the body is not valid to begin with.
    pub fn unnoticed_in_request(&self, method: &str, path: &str, body: &Value) -> Result<Tried, Faults> {
        let schema = self.request_schema(&self.operation(method, path)?);
        Ok(schema.map_or_else(Tried::default, |schema| unnoticed(&schema, body)))
    }

    /// The same of an answer.
    ///
    /// # Panics
    /// When the body is not valid to begin with.
    pub fn unnoticed_in_response(
        &self,
        method: &str,
        path: &str,
        status: u16,
        body: &Value,
    ) -> Result<Tried, Faults> {
        let schema = self.response_schema(&self.operation(method, path)?, status)?;
        Ok(schema.map_or_else(Tried::default, |schema| unnoticed(&schema, body)))
    }

    /// The path of the description that a concrete path belongs to: literal segments win over parameters.
    pub fn template(&self, method: &str, path: &str) -> Option<&str> {
        let path = path.split('?').next().unwrap_or(path);
        let paths = self.document["paths"].as_object().unwrap();
        let candidates = paths.iter().filter(|(_, methods)| methods.get(method.to_lowercase()).is_some());
        let fitting =
            candidates.filter_map(|(template, _)| Some((fit(template, path)?, Reverse(template.as_str()))));
        fitting.max().map(|(_, Reverse(template))| template)
    }

    fn operation<'a>(&'a self, method: &str, path: &str) -> Result<Operation<'a>, Faults> {
        let method = method.to_lowercase();
        let template = self
            .template(&method, path)
            .ok_or_else(|| vec![format!("GitHub has no operation {method} {path}")])?;
        let described = &self.document["paths"][template][&method];
        Ok(Operation { name: format!("{method} {template}"), template, described })
    }

    fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        let methods = paths.flat_map(|(template, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, described)| (method, template, described))
        });
        methods.map(|(method, template, described)| Operation {
            name: format!("{method} {template}"),
            template,
            described,
        })
    }

    fn deref<'a>(&'a self, node: &'a Value) -> &'a Value {
        let pointer = node.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        pointer.map_or(node, |pointer| self.document.pointer(pointer).unwrap())
    }

    fn parameter_faults(&self, operation: &Operation<'_>, path: &str) -> Faults {
        let described: Vec<&Value> = operation.described["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|p| self.deref(p))
            .collect();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut faults = Faults::new();
        for (name, value) in path_values(operation.template, path) {
            let parameter = described.iter().find(|p| p["in"] == "path" && p["name"] == name);
            faults.extend(parameter.and_then(|p| self.parameter_fault(p, name, value)));
        }
        for (name, value) in
            query.split('&').filter(|pair| !pair.is_empty()).map(|p| p.split_once('=').unwrap_or((p, "")))
        {
            match described.iter().find(|p| p["in"] == "query" && p["name"] == name) {
                Some(parameter) => faults.extend(self.parameter_fault(parameter, name, value)),
                None => faults.push(format!("{} has no query parameter `{name}`", operation.name)),
            }
        }
        faults
    }

    fn parameter_fault(&self, parameter: &Value, name: &str, text: &str) -> Option<String> {
        let schema = self.compiled(
            &format!("parameter {}", parameter["schema"]),
            &parameter["schema"],
            Unknown::Tolerated,
        );
        let as_other = serde_json::from_str::<Value>(text).is_ok_and(|value| schema.accepts(&value));
        (!as_other && !schema.accepts(&json!(text))).then(|| format!("parameter `{name}` cannot be `{text}`"))
    }

    fn body_faults(&self, operation: &Operation<'_>, body: &Value) -> Faults {
        let described = &operation.described["requestBody"];
        match (self.request_schema(operation), body.is_null()) {
            (Some(_), true) if described["required"] == true => {
                vec![format!("{} needs a body", operation.name)]
            }
            (Some(schema), false) => schema.check(body).err().unwrap_or_default(),
            (None, false) => vec![format!("{} takes no body", operation.name)],
            (Some(_) | None, true) => Faults::new(),
        }
    }

    fn request_schema(&self, operation: &Operation<'_>) -> Option<Arc<Schema>> {
        let schema = json_schema(&operation.described["requestBody"])?;
        Some(self.compiled(&format!("{} request", operation.name), schema, Unknown::Refused))
    }

    fn response_schema(&self, operation: &Operation<'_>, status: u16) -> Result<Option<Arc<Schema>>, Faults> {
        let name = format!("{} {status}", operation.name);
        if let Some(response) = operation.described["responses"].get(status.to_string()) {
            let schema = json_schema(self.deref(response));
            return Ok(schema.map(|schema| self.compiled(&name, schema, Unknown::Tolerated)));
        }
        match status {
            304 => Ok(None),
            400.. => Ok(Some(self.compiled("any error", &an_error(), Unknown::Tolerated))),
            ..400 => Err(vec![format!("GitHub does not answer {name}")]),
        }
    }

    fn compiled(&self, name: &str, schema: &Value, unknown: Unknown) -> Arc<Schema> {
        let mut compiled = self.compiled.lock().unwrap();
        let cut = || Arc::new(Schema::cut(&self.document["components"]["schemas"], schema, unknown));
        Arc::clone(compiled.entry(name.to_owned()).or_insert_with(cut))
    }
}

fn json_schema(message: &Value) -> Option<&Value> {
    message["content"].get("application/json")?.get("schema")
}

/// GitHub describes few of its errors; all of them look like this.
fn an_error() -> Value {
    json!({
        "allOf": [{ "$ref": "#/components/schemas/basic-error" }],
        "type": "object",
        "required": ["message"],
    })
}

/// The parameters that may span segments at the end of a path (`x-multi-segment` in the description).
const SPANNING: [&str; 10] = [
    "{path}",
    "{ref}",
    "{basehead}",
    "{branch}",
    "{tag}",
    "{dir}",
    "{sha}",
    "{commit_sha}",
    "{tree_sha}",
    "{subject_digest}",
];

/// For each segment whether it is literal, or `None` where the path is not of this template. The last parameter may
/// span segments where it is of [`SPANNING`].
fn fit(template: &str, path: &str) -> Option<Vec<bool>> {
    let parts: Vec<&str> = template.split('/').collect();
    let segments: Vec<&str> = path.splitn(parts.len(), '/').collect();
    if parts.len() != segments.len() {
        return None;
    }
    let literal = |part: &str, segment: &str| match part.starts_with('{') {
        true => (!segment.is_empty()).then_some(false),
        false => (part == segment).then_some(true),
    };
    let mut fit: Vec<bool> =
        parts.iter().zip(&segments).map(|(part, segment)| literal(part, segment)).collect::<Option<_>>()?;
    let spans = segments.last()?.contains('/');
    fit.push(!spans);
    (!spans || SPANNING.contains(parts.last()?)).then_some(fit)
}

fn path_values<'a>(template: &'a str, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let parts: Vec<&str> = template.split('/').collect();
    let segments: Vec<&str> = path.splitn(parts.len(), '/').collect();
    let named =
        |(part, segment): (&'a str, &'a str)| Some((part.strip_prefix('{')?.strip_suffix('}')?, segment));
    parts.into_iter().zip(segments).filter_map(named)
}

/// What GitHub refuses and its schema cannot or does not say; from the descriptions of the same operations.
fn beyond_the_schema(operation: &Operation<'_>, body: &Value) -> Faults {
    match operation.template {
        "/repos/{owner}/{repo}/check-runs" | "/repos/{owner}/{repo}/check-runs/{check_run_id}" => {
            check_run_faults(body)
        }
        "/repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule" => {
            too_long(body, "/comment", 1024)
        }
        "/repos/{owner}/{repo}/issues"
        | "/repos/{owner}/{repo}/issues/{issue_number}"
        | "/repos/{owner}/{repo}/issues/{issue_number}/comments"
        | "/repos/{owner}/{repo}/issues/comments/{comment_id}" => too_long(body, "/body", 65_536),
        _ => Faults::new(),
    }
}

fn check_run_faults(body: &Value) -> Faults {
    let mut faults = Faults::new();
    let completed = body["status"] == "completed" || !body["completed_at"].is_null();
    if completed && body["conclusion"].is_null() {
        faults.push("a completed check run needs a conclusion".to_owned());
    }
    if body["conclusion"] == "stale" {
        faults.push("only GitHub concludes `stale`".to_owned());
    }
    if ["waiting", "requested", "pending"].iter().any(|status| body["status"] == *status) {
        faults.push(format!("only GitHub Actions sets the status {}", body["status"]));
    }
    let annotations = body["output"]["annotations"].as_array();
    for annotation in annotations.into_iter().flatten() {
        faults.extend(too_long(annotation, "/title", 255));
        faults.extend(too_long(annotation, "/message", 64 * 1024));
        faults.extend(too_long(annotation, "/raw_details", 64 * 1024));
    }
    faults
}

fn too_long(body: &Value, place: &str, most: usize) -> Faults {
    let length = body.pointer(place).and_then(Value::as_str).map_or(0, |text| text.chars().count());
    if length > most {
        vec![format!("{place} has {length} characters, and GitHub takes {most}")]
    } else {
        vec![]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::specimen;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_concrete_path_finds_its_template() {
        let Some(rest) = Rest::load() else { return };
        let table = [
            ("get", "/app", "/app"),
            ("PATCH", "/repos/acme/web/check-runs/12", "/repos/{owner}/{repo}/check-runs/{check_run_id}"),
            (
                "get",
                "/repos/acme/web/issues/comments/7",
                "/repos/{owner}/{repo}/issues/comments/{comment_id}",
            ),
            (
                "get",
                "/repos/acme/web/issues/7/comments?page=2",
                "/repos/{owner}/{repo}/issues/{issue_number}/comments",
            ),
            (
                "get",
                "/repos/acme/web/contents/.github/changegate.yml",
                "/repos/{owner}/{repo}/contents/{path}",
            ),
            ("get", "/repos/acme/web/compare/main...release/1", "/repos/{owner}/{repo}/compare/{basehead}"),
            ("get", "/repos/acme/web/git/ref/heads/a/b", "/repos/{owner}/{repo}/git/ref/{ref}"),
            (
                "get",
                "/repos/acme/web/commits/main/check-runs",
                "/repos/{owner}/{repo}/commits/{ref}/check-runs",
            ),
            ("get", "/orgs/acme/teams/qa/members", "/orgs/{org}/teams/{team_slug}/members"),
        ];
        for (method, path, template) in table {
            assert_eq!(rest.template(method, path), Some(template), "{method} {path}");
        }
        assert_eq!(rest.template("put", "/repos/acme/web/check-runs"), None);
        assert_eq!(rest.template("get", "/repos/acme"), None);
        assert_eq!(rest.template("get", "/repos/acme/web/nothing"), None);
    }

    #[test]
    fn a_request_that_github_would_refuse_is_refused() {
        let Some(rest) = Rest::load() else { return };
        let checks = "/repos/acme/web/check-runs";
        let output = |summary: usize, annotations: usize| {
            let note = json!({ "path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m" });
            json!({ "name": "changegate/change", "head_sha": SHA, "output": {
                "title": "t", "summary": "s".repeat(summary), "annotations": vec![note; annotations],
            } })
        };
        let table = [
            ("post", checks, output(65_535, 50), true),
            ("post", checks, output(65_536, 0), false),
            ("post", checks, output(1, 51), false),
            (
                "post",
                checks,
                json!({ "name": "c", "head_sha": SHA, "status": "completed", "conclusion": "success" }),
                true,
            ),
            ("post", checks, json!({ "name": "c", "head_sha": SHA, "status": "completed" }), false),
            ("post", checks, json!({ "name": "c", "head_sha": SHA, "conclusion": "stale" }), false),
            ("post", checks, json!({ "name": "c", "head_sha": SHA, "outptu": {} }), false),
            ("post", checks, json!({ "name": "c" }), false),
            ("post", checks, Value::Null, false),
            (
                "patch",
                "/repos/acme/web/check-runs/12",
                json!({ "completed_at": "2026-11-23T10:00:00Z" }),
                false,
            ),
            ("patch", "/repos/acme/web/check-runs/12", json!({ "status": "waiting" }), false),
            ("patch", "/repos/acme/web/check-runs/twelve", json!({ "status": "queued" }), false),
            ("get", "/repos/acme/web/issues?state=open&per_page=100", Value::Null, true),
            ("get", "/repos/acme/web/issues?state=ajar", Value::Null, false),
            ("get", "/repos/acme/web/issues?perpage=100", Value::Null, false),
            ("get", "/repos/acme/web/issues", json!({}), false),
            ("post", "/repos/acme/web/issues/1/comments", json!({ "body": "b".repeat(65_536) }), true),
            ("post", "/repos/acme/web/issues/1/comments", json!({ "body": "b".repeat(65_537) }), false),
            ("post", "/repos/acme/web/issues/1/labels", json!({ "labels": ["triage/accepted"] }), true),
            ("post", "/repos/acme/web/issues/1/labels", json!({ "labels": [1] }), false),
            ("patch", "/repos/acme/web/issues/1", json!({ "milestone": null }), true),
            ("post", "/repos/acme/web/nothing", json!({}), false),
        ];
        for (method, path, body, taken) in table {
            let answer = rest.request(method, path, &body);
            assert_eq!(answer.is_ok(), taken, "{method} {path} {answer:?}");
        }
    }

    #[test]
    fn an_answer_that_github_would_not_give_is_refused() {
        let Some(rest) = Rest::load() else { return };
        let missing = json!({ "message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404" });
        let table = [
            ("get", "/repos/acme/web", 404, missing.clone(), true),
            ("post", "/repos/acme/web/check-runs", 502, missing, true),
            ("post", "/repos/acme/web/check-runs", 502, json!({}), false),
            ("post", "/repos/acme/web/check-runs", 200, json!({}), false),
            ("post", "/repos/acme/web/check-runs", 201, json!({ "id": 1 }), false),
            ("get", "/repos/acme/web/issues/1", 304, Value::Null, true),
            ("delete", "/repos/acme/web/issues/comments/1", 204, Value::Null, true),
            ("delete", "/repos/acme/web/issues/comments/1", 204, json!({}), false),
        ];
        for (method, path, status, body, given) in table {
            let answer = rest.response(method, path, status, &body);
            assert_eq!(answer.is_ok(), given, "{method} {path} {status} {answer:?}");
        }
    }

    #[test]
    fn every_schema_of_the_api_notices_every_damage() {
        let Some(rest) = Rest::load() else { return };
        let (mut schemas, mut tried) = (0, 0);
        for operation in rest.operations() {
            let statuses = operation.described["responses"]
                .as_object()
                .unwrap()
                .keys()
                .map(|status| status.parse().unwrap());
            let answers = statuses.filter_map(|status| rest.response_schema(&operation, status).unwrap());
            for schema in answers.chain(rest.request_schema(&operation)) {
                let (missed, damages) = unnoticed(&schema, &specimen(&schema));
                assert!(missed.is_empty() && damages > 0, "{} {missed:?} of {damages}", operation.name);
                schemas += 1;
                tried += damages;
            }
        }
        assert!(schemas > 3000 && tried > 100_000, "{schemas} schemas, {tried} damages");
    }
}
