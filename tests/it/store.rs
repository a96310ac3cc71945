//! One contract, run on SQLite always and on PostgreSQL where there is a server.

mod bench;

mod intake;

mod routing;

mod settling;

mod waking;

mod effects;

mod audit;

mod starts;

mod moves;

mod newer;

mod shares;

mod storms;

mod bindings;

mod tokens;
