use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    routing::{MethodRouter, get, post},
};

use crate::Access;

/// Which of the two sides of the house a route belongs to (`--role public` has no staff routes and the reverse).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Public,
    Internal,
}

/// One line of the table of all routes, which the coverage test walks.
#[derive(Clone, Debug)]
pub struct RouteInfo {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
    pub module: &'static str,
    pub side: Side,
}

/// Collects the routes of one module after the other.
pub struct Routes<S> {
    router: Router<S>,
    table: Vec<RouteInfo>,
    module: &'static str,
    only: Option<Side>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// `only` leaves out the routes of the other side.
    pub fn new(only: Option<Side>) -> Self {
        Self { router: Router::new(), table: Vec::new(), module: "", only }
    }

    pub fn enter(&mut self, module: &'static str) {
        self.module = module;
    }

    pub fn get<H: Handler<T, S>, T: 'static>(&mut self, access: Access, path: &'static str, handler: H) -> &mut Self {
        self.add("GET", access, path, get(handler))
    }

    pub fn post<H: Handler<T, S>, T: 'static>(&mut self, access: Access, path: &'static str, handler: H) -> &mut Self {
        self.add("POST", access, path, post(handler))
    }

    /// A `POST` that may carry files of up to `max` bytes in all.
    pub fn upload<H: Handler<T, S>, T: 'static>(
        &mut self,
        access: Access,
        path: &'static str,
        max: usize,
        handler: H,
    ) -> &mut Self {
        self.add("POST", access, path, post(handler).layer(DefaultBodyLimit::max(max)))
    }

    fn add(&mut self, method: &'static str, access: Access, path: &'static str, route: MethodRouter<S>) -> &mut Self {
        // Specialist systems stand in the city's own network.
        let internal = path.starts_with("/intern/") || path == "/intern" || access == Access::Machine;
        let side = if internal { Side::Internal } else { Side::Public };
        if self.only.is_none_or(|only| only == side || access == Access::EverySide) {
            self.table.push(RouteInfo { method, path, access, module: self.module, side });
            self.router = std::mem::take(&mut self.router).route(path, route);
        }
        self
    }

    pub fn finish(self) -> (Router<S>, Vec<RouteInfo>) {
        (self.router, self.table)
    }
}
