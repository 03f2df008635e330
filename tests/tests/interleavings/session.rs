//! Sessions: a refresh token has one successor, whoever asks for it and however often; a copy that is used late ends the whole family.

use std::collections::{BTreeMap, BTreeSet};

use authz::permission::ManageOwnSessions;
use proptest::prelude::*;

use crate::gate::Act;
use crate::stage::{explore, origin, ready};

/// Longer than a lost answer may be asked for again.
const TOO_LATE: i64 = 61;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Asks for the successor of the present token.
    Refresh,
    /// The same, and then for the successor of what came.
    RefreshTwice,
    /// Uses a copy of a token that was replaced long ago.
    Reuse,
    /// Signs out.
    End,
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        5 => Just(Does::Refresh),
        3 => Just(Does::RefreshTwice),
        1 => Just(Does::Reuse),
        1 => Just(Does::End),
    ]
}

#[test]
fn r06_no_interleaving_gives_a_token_two_successors_or_outlives_a_theft() {
    explore(prop::collection::vec(does(), 2..7), |stage, does, schedule| {
        let person = stage.person(Vec::new(), ready(false));
        let first = stage.sign_in(&person);
        let end = stage.permit::<ManageOwnSessions>(&first);
        let refresh = async |token: &str| {
            let answer = stage.store.refresh_session(token, &origin()).await.expect("an answer");
            answer.map(|tokens| tokens.refresh_token)
        };
        let present = stage.run(refresh(&first.refresh_token)).expect("a successor");
        stage.pass(TOO_LATE);
        // What each act presented, and what it got.
        let acts = does.iter().map(|does| -> Act<'_, Vec<(String, Option<String>)>> {
            Box::pin(async {
                match does {
                    Does::Refresh => vec![(present.clone(), refresh(&present).await)],
                    Does::RefreshTwice => {
                        let next = refresh(&present).await;
                        let then = match &next {
                            Some(next) => Some((next.clone(), refresh(next).await)),
                            None => None,
                        };
                        std::iter::once((present.clone(), next)).chain(then).collect()
                    }
                    Does::Reuse => vec![(first.refresh_token.clone(), refresh(&first.refresh_token).await)],
                    Does::End => {
                        match stage.store.end_session(&end, None).await {
                            Ok(()) | Err(store::Error::NotFound) => {}
                            Err(error) => panic!("{error}"),
                        }
                        Vec::new()
                    }
                }
            })
        });
        let done = stage.interleave(schedule, acts.collect());
        let mut successors = BTreeMap::<&str, BTreeSet<&str>>::new();
        for (presented, got) in done.iter().flat_map(|done| &done.outcome) {
            prop_assert!(got.is_none() || *presented != first.refresh_token, "a token of long ago is good");
            successors.entry(presented).or_default().extend(got.as_deref());
        }
        for (token, successors) in &successors {
            prop_assert!(successors.len() <= 1, "{} successors of one token", successors.len());
            prop_assert!(!successors.contains(token), "a token is its own successor");
        }
        let is_over = does.iter().any(|does| matches!(does, Does::Reuse | Does::End));
        if is_over {
            let known: BTreeSet<&str> =
                successors.iter().flat_map(|(token, next)| next.iter().chain([token])).copied().collect();
            for token in known.into_iter().chain([present.as_str()]) {
                prop_assert!(stage.run(refresh(token)).is_none(), "the session has ended, and a token of it is good");
            }
            prop_assert!(stage.run(stage.facts(&first)).permit::<ManageOwnSessions>().is_err());
        }
        Ok(())
    });
}
