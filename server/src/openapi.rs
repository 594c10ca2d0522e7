//! The description of the JSON interfaces, made from the table of routes so that it cannot drift from them.

use std::collections::BTreeMap;

use house::{Access, App};
use serde_json::{Value, json};

/// OpenAPI 3.1 document of all routes below `/api/v1/`.
pub fn document(app: &App) -> Value {
    let mut paths: BTreeMap<&str, Value> = BTreeMap::new();
    for route in house::table(app).into_iter().filter(|r| r.path.starts_with("/api/v1/")) {
        let parameters: Vec<Value> = route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        let security = if matches!(route.access, Access::Public | Access::EverySide) {
            json!([])
        } else {
            json!([{"session": []}])
        };
        let operation = json!({
            "operationId": format!("{} {}", route.method, route.path),
            "tags": [route.module],
            "parameters": parameters,
            "security": security,
            "responses": {
                "default": {"description": "RFC 9457 problem", "content": {"application/problem+json": {}}}
            },
        });
        paths.entry(route.path).or_insert_with(|| json!({}))[route.method.to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Meer", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "components": {
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "meer_session"}}
        },
    })
}
