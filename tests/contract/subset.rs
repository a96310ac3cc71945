//! A smaller GraphQL schema says nothing that GitHub's does not: what the sandbox answers by is a part of what GitHub
//! answers by.

use std::fmt::Display;

use apollo_compiler::Schema;
use apollo_compiler::ast::{FieldDefinition, InputValueDefinition};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Node};

use crate::graphql::Graphql;
use crate::schema::Faults;

impl Graphql {
    /// Where the schema text `part` says more than GitHub's schema, or something else.
    pub fn contains(&self, part: &str) -> Result<(), Faults> {
        let part = Schema::parse_and_validate(part, "part.graphql").map_err(|invalid| {
            invalid.errors.iter().map(|error| error.error.to_string()).collect::<Faults>()
        })?;
        let mut faults = Faults::new();
        for (name, definition) in part.types.iter().filter(|(_, definition)| !definition.is_built_in()) {
            match self.schema().types.get(name) {
                Some(whole) => definition_faults(definition, whole, &mut faults),
                None => faults.push(format!("GitHub has no type {name}")),
            }
        }
        for (operation, name) in part.schema_definition.iter_root_operations() {
            if self.schema().root_operation(operation) != Some(&name.name) {
                faults.push(format!("GitHub's {operation} is not {name}"));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

fn definition_faults(part: &ExtendedType, whole: &ExtendedType, faults: &mut Faults) {
    let name = part.name();
    match (part, whole) {
        (ExtendedType::Object(part), ExtendedType::Object(whole)) => {
            names(name, "implements", &part.implements_interfaces, &whole.implements_interfaces, faults);
            fields(name, &part.fields, &whole.fields, faults);
        }
        (ExtendedType::Interface(part), ExtendedType::Interface(whole)) => {
            names(name, "implements", &part.implements_interfaces, &whole.implements_interfaces, faults);
            fields(name, &part.fields, &whole.fields, faults);
        }
        (ExtendedType::Union(part), ExtendedType::Union(whole)) => {
            names(name, "may be", &part.members, &whole.members, faults);
        }
        (ExtendedType::Enum(part), ExtendedType::Enum(whole)) => {
            names(name, "has the value", part.values.keys(), whole.values.keys(), faults);
        }
        (ExtendedType::InputObject(part), ExtendedType::InputObject(whole)) => {
            let place = name.to_string();
            inputs(&place, part.fields.values().map(|f| &***f), whole.fields.values().map(|f| &***f), faults);
        }
        (ExtendedType::Scalar(_), ExtendedType::Scalar(_)) => {}
        _ => faults.push(format!("{name} is of another kind at GitHub")),
    }
}

fn names<T: Display + PartialEq>(
    of: &Name,
    relation: &str,
    part: impl IntoIterator<Item = T>,
    whole: impl IntoIterator<Item = T>,
    faults: &mut Faults,
) {
    let whole: Vec<T> = whole.into_iter().collect();
    let alien = part.into_iter().filter(|name| !whole.contains(name));
    faults.extend(alien.map(|name| format!("at GitHub {of} never {relation} {name}")));
}

type Fields = IndexMap<Name, Component<FieldDefinition>>;

fn fields(of: &Name, part: &Fields, whole: &Fields, faults: &mut Faults) {
    for (name, field) in part {
        let place = format!("{of}.{name}");
        let Some(known) = whole.get(name) else {
            faults.push(format!("GitHub has no {place}"));
            continue;
        };
        if field.ty != known.ty {
            faults.push(format!("{place} is {} at GitHub, not {}", known.ty, field.ty));
        }
        inputs(
            &place,
            field.arguments.iter().map(Node::as_ref),
            known.arguments.iter().map(Node::as_ref),
            faults,
        );
    }
}

/// Arguments of a field, or fields of an input object: all known, of the same type, and none left out that GitHub requires.
fn inputs<'a>(
    of: &str,
    part: impl Iterator<Item = &'a InputValueDefinition>,
    whole: impl Iterator<Item = &'a InputValueDefinition>,
    faults: &mut Faults,
) {
    let part: Vec<_> = part.collect();
    let whole: Vec<_> = whole.collect();
    for input in &part {
        match whole.iter().find(|known| known.name == input.name) {
            None => faults.push(format!("GitHub has no {of}({})", input.name)),
            Some(known) if known.ty != input.ty => {
                faults.push(format!("{of}({}) is {} at GitHub, not {}", input.name, known.ty, input.ty));
            }
            Some(_) => {}
        }
    }
    let left_out = whole
        .iter()
        .filter(|known| known.is_required() && !part.iter().any(|input| input.name == known.name));
    faults.extend(left_out.map(|known| format!("GitHub requires {of}({})", known.name)));
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: &str = "
        type Query { node(id: ID!): Node, repository(owner: String!, name: String!, followRenames: Boolean = true): Repository }
        interface Node { id: ID! }
        scalar DateTime
        enum IssueState { OPEN CLOSED }
        union Assignee = User
        type User implements Node & Actor { id: ID!, login: String! }
        interface Actor { login: String! }
        type Repository implements Node { id: ID!, createdAt: DateTime!, issue(number: Int!): Issue }
        type Issue implements Node { id: ID!, state: IssueState!, author: Actor }
        input IssueOrder { field: IssueOrderField!, direction: OrderDirection! }
        enum IssueOrderField { CREATED_AT }
        enum OrderDirection { ASC DESC }
    ";

    #[test]
    fn a_part_of_github_s_schema_is_taken_and_every_damaged_copy_of_it_is_refused() {
        let Some(graphql) = Graphql::load() else { return };
        assert_eq!(graphql.contains(PART), Ok(()));
        let table = [
            (
                "enum IssueState { OPEN CLOSED }",
                "enum IssueState { OPEN SHUT }",
                "at GitHub IssueState never has the value SHUT",
            ),
            (
                "enum IssueState { OPEN CLOSED }",
                "scalar IssueState",
                "IssueState is of another kind at GitHub",
            ),
            (
                "union Assignee = User",
                "union Assignee = User | Issue",
                "at GitHub Assignee never may be Issue",
            ),
            ("scalar DateTime", "scalar DateTime scalar Clock", "GitHub has no type Clock"),
            (
                "type Issue implements Node {",
                "type Issue implements Node & Actor { login: String!,",
                "at GitHub Issue never implements Actor",
            ),
            ("author: Actor", "author: User", "Issue.author is Actor at GitHub, not User"),
            ("author: Actor", "author: Actor!", "Issue.author is Actor at GitHub, not Actor!"),
            ("author: Actor", "writer: Actor", "GitHub has no Issue.writer"),
            (
                "issue(number: Int!)",
                "issue(number: Int)",
                "Repository.issue(number) is Int! at GitHub, not Int",
            ),
            (
                "issue(number: Int!)",
                "issue(number: Int!, title: String)",
                "GitHub has no Repository.issue(title)",
            ),
            ("issue(number: Int!)", "issue", "GitHub requires Repository.issue(number)"),
            ("field: IssueOrderField!, ", "", "GitHub requires IssueOrder(field)"),
            ("type Query {", "schema { query: Root } type Root {", "GitHub has no type Root"),
            ("id: ID!): Node", "id: ID!): Nod", "cannot find type `Nod` in this document"),
        ];
        for (right, wrong, fault) in table {
            let faults = graphql.contains(&PART.replacen(right, wrong, 1)).expect_err(right);
            assert!(faults.iter().any(|said| said.contains(fault)), "{fault:?} is not in {faults:?}");
        }
    }
}
