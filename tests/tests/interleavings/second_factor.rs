//! The second factor: no one-time password and no recovery code works twice, however many show it at once, and none after the fifth failure.

use std::collections::BTreeSet;

use authz::permission::MakeRecoveryCodes;
use proptest::prelude::*;
use store::{FAILURES_THAT_LOCK, SecondFactor, SignedIn};

use crate::gate::{Act, Request, in_order};
use crate::stage::{PASSWORD, code_of, explore, ready, wrong_code};

/// What somebody shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shows {
    /// The code of this step, or of one near it.
    Code(i8),
    /// One of two recovery codes.
    Recovery(usize),
    /// Nothing good.
    Wrong,
}

fn shows() -> impl Strategy<Value = Shows> {
    prop_oneof![
        3 => (-1_i8..=1).prop_map(Shows::Code),
        3 => (0..2_usize).prop_map(Shows::Recovery),
        2 => Just(Shows::Wrong),
    ]
}

#[test]
fn r08_no_interleaving_takes_a_code_twice() {
    explore(prop::collection::vec(shows(), 2..9), |stage, shows, schedule| {
        let person = stage.person(Vec::new(), ready(true));
        let signed_in = stage.sign_in(&person);
        let permit = stage.permit::<MakeRecoveryCodes>(&signed_in);
        let recovery = stage.run(stage.store.make_recovery_codes(&permit)).expect("recovery codes");
        // The step that signed in is used; two steps on, the one before is free as well.
        stage.next_step();
        let step = stage.next_step();
        let challenges: Vec<String> = shows
            .iter()
            .map(|_| match stage.run(stage.try_password(&person, PASSWORD)) {
                SignedIn::Challenge(challenge) => challenge,
                other => panic!("{other:?}"),
            })
            .collect();
        let acts = shows.iter().zip(&challenges).map(|(shows, challenge)| -> Act<'_, bool> {
            Box::pin(async {
                let code = match *shows {
                    Shows::Code(near) => code_of(step.saturating_add_signed(near.into())),
                    Shows::Recovery(number) => recovery[number].to_string(),
                    Shows::Wrong => wrong_code(step),
                };
                let shown = match shows {
                    Shows::Recovery(_) => SecondFactor::Recovery(&code),
                    Shows::Code(_) | Shows::Wrong => SecondFactor::Code(&code),
                };
                matches!(stage.try_factor(challenge, shown).await, SignedIn::Session(_))
            })
        });
        let done = stage.interleave(schedule, acts.collect());
        // The model: failures in a row, the last step, and the recovery codes that are gone.
        let (mut failures, mut last_step, mut gone) = (0, i8::MIN, BTreeSet::new());
        let mut decided = BTreeSet::new();
        for (actor, passed) in in_order(&done) {
            // The first update of an act is the decision; a refused one is followed by that of the failure.
            if passed.request != Request::Update || !passed.good {
                continue;
            }
            prop_assert!(decided.insert(actor), "{actor} is written twice");
            if !done[actor].outcome {
                failures += 1;
                continue;
            }
            prop_assert!(failures < FAILURES_THAT_LOCK, "{actor} is let in after {failures} failures");
            match shows[actor] {
                Shows::Code(near) => {
                    prop_assert!(near > last_step, "{actor} shows a step that was used, or one before it");
                    last_step = near;
                }
                Shows::Recovery(number) => prop_assert!(gone.insert(number), "{actor} shows a code that was used"),
                Shows::Wrong => prop_assert!(false, "{actor} shows nothing good"),
            }
            failures = 0;
        }
        prop_assert_eq!(decided.len(), shows.len(), "every attempt is written");
        Ok(())
    });
}
