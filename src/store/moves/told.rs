//! What GitHub was told, and by which number GitHub knows it: the same comment is kept. And what the gate has answered, and the lines of the
//! register.

use sqlx::AnyConnection;

use super::{
    super::{dialect::Dialect, error::StoreError},
    Move, ranges, run,
};

/// Where both sides have told GitHub the same thing, GitHub may show it twice: it is looked up, and what is too much
/// is removed. What GitHub refused the old account is tried again.
pub(super) async fn carry(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
) -> Result<(), StoreError> {
    for range in ranges::effects(moving.repo) {
        let text = "UPDATE effect SET
                      lane = theirs.lane, body = theirs.body, hash = theirs.hash, generation = effect.generation + 1,
                      waiting = 1, next_at = 0, refused_why = NULL, sent_hash = NULL, lease = NULL, lease_until = 0,
                      attempts = CASE WHEN effect.attempts > theirs.attempts THEN effect.attempts
                        WHEN theirs.attempts > 0 THEN theirs.attempts ELSE 1 END,
                      remote = CASE WHEN effect.remote <> theirs.remote THEN NULL
                        ELSE coalesce(theirs.remote, effect.remote) END
                    FROM effect AS theirs
                    WHERE theirs.tenant = $1 AND effect.tenant = $2 AND theirs.key = effect.key
                      AND effect.key >= $3 AND effect.key < $4";
        run(connection, dialect, text, moving, &range).await?;
        let text = "DELETE FROM effect WHERE tenant = $1 AND key >= $3 AND key < $4
                      AND EXISTS (SELECT 1 FROM effect AS ours WHERE ours.tenant = $2 AND ours.key = effect.key)";
        run(connection, dialect, text, moving, &range).await?;
        let text = "UPDATE effect SET tenant = $2, lease = NULL, lease_until = 0,
                      waiting = CASE WHEN refused_why IS NULL THEN waiting ELSE 1 END,
                      next_at = CASE WHEN refused_why IS NULL THEN next_at ELSE 0 END,
                      refused_why = NULL
                    WHERE tenant = $1 AND key >= $3 AND key < $4";
        run(connection, dialect, text, moving, &range).await?;
    }
    for range in ranges::subjects(moving.repo) {
        let text = "UPDATE gate SET tenant = $2 WHERE tenant = $1 AND subject >= $3 AND subject < $4";
        run(connection, dialect, text, moving, &range).await?;
        // Of two lines of one change request, that stays whose subject did.
        let text = "DELETE FROM register WHERE tenant = $2 AND id >= $3 AND id < $4
                      AND EXISTS (SELECT 1 FROM register AS theirs WHERE theirs.tenant = $1 AND theirs.id = register.id)";
        run(connection, dialect, text, moving, &range).await?;
        let text = "UPDATE register SET tenant = $2 WHERE tenant = $1 AND id >= $3 AND id < $4";
        run(connection, dialect, text, moving, &range).await?;
    }
    Ok(())
}
