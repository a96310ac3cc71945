-- What is listed, the newest first: in an account, and in one of its repositories. The repository is read out of what is
-- stored already, so that a replica that knows nothing of lists writes them too.
CREATE INDEX gate_listed ON gate (tenant, since, id);
CREATE INDEX gate_listed_there ON gate (tenant, {repository_of_gate}, since, id);
CREATE INDEX audit_listed ON audit (tenant, at, seq);
CREATE INDEX audit_listed_there ON audit (tenant, {repository_of_entry}, at, seq);
CREATE INDEX exception_listed ON audit (tenant, at, seq) WHERE {is_exception};
CREATE INDEX exception_listed_there ON audit (tenant, {repository_of_entry}, at, seq) WHERE {is_exception};
