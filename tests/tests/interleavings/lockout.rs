//! The lock: after five failures nothing is right any more, whatever was on its way.

use authz::permission::{ChangeOwnPassword, ManageAccounts, ViewAccounts};
use proptest::prelude::*;
use store::{FAILURES_THAT_LOCK, SignedIn};

use crate::gate::{Act, Done, Request, in_order};
use crate::stage::{PASSWORD, explore, ready, typed};

const WRONG: &str = "Kuchita-Hashi-26";
const NEW: &str = "Atarashii-Uta-26";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    /// Signs in, as far as a password goes.
    Password { right: bool },
    /// Changes the password, having to say the present one.
    Change { right: bool },
    /// Lifts the lock, as an administrator.
    Unlock,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Came {
    Right,
    Wrong,
    /// Something was changed meanwhile.
    Stale,
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        6 => Just(Does::Password { right: false }),
        3 => Just(Does::Password { right: true }),
        1 => Just(Does::Change { right: true }),
        1 => Just(Does::Change { right: false }),
        1 => Just(Does::Unlock),
    ]
}

#[test]
fn r07_no_interleaving_finds_a_sixth_attempt_right() {
    let cases = (any::<bool>(), prop::collection::vec(does(), 2..9), 0..=4_u64);
    explore(cases, |stage, (second_factor, does, failures), schedule| {
        let person = stage.person(Vec::new(), ready(second_factor));
        let administration = stage.administration();
        let (view, manage) =
            (stage.permit::<ViewAccounts>(&administration), stage.permit::<ManageAccounts>(&administration));
        let changes = does.iter().any(|does| matches!(does, Does::Change { .. }));
        let change = changes.then(|| stage.permit::<ChangeOwnPassword>(&stage.sign_in(&person)));
        for _ in 0..failures {
            assert!(matches!(stage.run(stage.try_password(&person, WRONG)), SignedIn::No));
        }
        let acts = does.iter().map(|does| -> Act<'_, Came> {
            Box::pin(async {
                match *does {
                    Does::Password { right } => {
                        match stage.try_password(&person, if right { PASSWORD } else { WRONG }).await {
                            SignedIn::No => Came::Wrong,
                            SignedIn::Session(_) | SignedIn::Challenge(_) => Came::Right,
                        }
                    }
                    Does::Change { right } => {
                        let present = typed(if right { PASSWORD } else { WRONG });
                        match stage
                            .store
                            .change_own_password(change.as_ref().expect("a permit"), present, typed(NEW))
                            .await
                        {
                            Ok(Ok(())) => Came::Right,
                            Ok(Err(_)) => Came::Wrong,
                            Err(store::Error::Stale) => Came::Stale,
                            Err(error) => panic!("{error}"),
                        }
                    }
                    Does::Unlock => {
                        let version = stage.store.account(&view, person.account).await.expect("the account").version;
                        let unlocked = stage.store.unlock_account(&manage, person.account, version).await;
                        match unlocked {
                            Ok(prepared) => match prepared.commit(&stage.store).await {
                                Ok(_) => Came::Right,
                                Err(store::Error::Stale) => Came::Stale,
                                Err(error) => panic!("{error}"),
                            },
                            Err(store::Error::Stale) => Came::Stale,
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        });
        let done = stage.interleave(schedule, acts.collect());
        let locked = explained(State { failures, changed: false }, second_factor, &does, &done)?;
        let shown = stage.run(stage.store.account(&view, person.account)).expect("the account").record.locked;
        prop_assert_eq!(shown, locked, "whether it is locked in the end: {:?}", done);
        Ok(())
    });
}

/// The model.
#[derive(Clone, Copy, Debug)]
struct State {
    failures: u64,
    /// The password is another one.
    changed: bool,
}

impl State {
    fn is_locked(self) -> bool {
        self.failures >= FAILURES_THAT_LOCK
    }
}

/// Whether each outcome follows from the order in which things were written; whether it is locked in the end.
fn explained(mut state: State, second_factor: bool, does: &[Does], done: &[Done<Came>]) -> Result<bool, TestCaseError> {
    let mut states = vec![state];
    for (actor, passed) in in_order(done) {
        let outcome = done[actor].outcome;
        match (does[actor], passed.request, passed.good) {
            (Does::Password { .. }, Request::Update, true) if outcome == Came::Right => {
                prop_assert!(!state.is_locked(), "{actor} is right after {} failures", state.failures);
                // A password that is followed by a second factor forgives nothing.
                state.failures = if second_factor { state.failures } else { 0 };
            }
            (Does::Password { .. } | Does::Change { .. }, Request::Update, true) => state.failures += 1,
            (Does::Password { .. }, Request::Update, false) => prop_assert!(state.is_locked(), "{actor} is refused"),
            (Does::Change { .. }, Request::Transact, true) => {
                prop_assert!(!state.is_locked(), "{actor} changes it after {} failures", state.failures);
                state = State { failures: 0, changed: true };
            }
            (Does::Unlock, Request::Transact, true) => state.failures = 0,
            _ => {}
        }
        states.push(state);
    }
    for (actor, (does, done)) in does.iter().zip(done).enumerate() {
        let (begun, ended) = done.lasted().into_inner();
        let mut meanwhile = states[begun..=ended + 1].iter();
        match (does, done.outcome) {
            (Does::Password { right } | Does::Change { right }, Came::Right) => prop_assert!(right, "{actor}"),
            (Does::Password { right: true } | Does::Change { right: true }, Came::Wrong) => {
                prop_assert!(meanwhile.any(|state| state.is_locked() || state.changed), "{actor} is wrong");
            }
            _ => {}
        }
    }
    Ok(state.is_locked())
}
