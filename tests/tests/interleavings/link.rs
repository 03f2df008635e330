//! One-time links: of all who use one at once one sets the password, and a password that was set another way ends it.

use authz::permission::ChangeOwnPassword;
use domain::ids::PLATFORM;
use proptest::prelude::*;
use store::{Claimed, Error, LinkKind, Notice, SignedIn};

use crate::gate::{Act, Request, in_order};
use crate::stage::{PASSWORD, Person, Stage, explore, origin, ready, typed};

/// Longer than it takes until somebody looks after a mail.
const DUE: i64 = 301;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Uses the link.
    UseLink,
    /// Changes the password, knowing the present one.
    Change,
}

impl Stage {
    /// A link for somebody who asked for one, taken out of the mail that brings it.
    fn link_of(&self, person: &Person) -> String {
        self.run(async {
            let asked = self.store.ask_reset(Some(person.code.clone()), person.login.clone(), &origin()).await;
            asked.expect("a wish");
            let platform = jobs::for_mail_delivery(PLATFORM, &origin());
            let now = self.store.clock().now().plus_seconds(DUE);
            for _ in 0..2 {
                let (due, _) = self.store.due_mails(&platform, now, None, 100).await.expect("mails");
                for place in due {
                    let permit = jobs::for_mail_delivery(place.tenant, &origin());
                    let Ok(Claimed::Outgoing(mail)) = self.store.claim_mail(&permit, place.mail, now).await else {
                        continue;
                    };
                    if let (Notice::PasswordReset { token, .. }, true) =
                        (&mail.notice, mail.to.as_str() == person.login)
                    {
                        return token.as_str().to_owned();
                    }
                }
            }
            panic!("no link came");
        })
    }
}

#[test]
fn r06_no_interleaving_uses_a_link_twice() {
    let does = prop_oneof![4 => Just(Does::UseLink), 1 => Just(Does::Change)];
    explore(prop::collection::vec(does, 2..6), |stage, does, schedule| {
        let person = stage.person(Vec::new(), ready(false));
        let token = stage.link_of(&person);
        let change = stage.permit::<ChangeOwnPassword>(&stage.sign_in(&person));
        let password = |actor: usize| format!("Atarashii-Uta-{actor}7");
        let acts = does.iter().enumerate().map(|(actor, does)| -> Act<'_, bool> {
            let new = typed(&password(actor));
            let (stage, token, change) = (&stage, &token, &change);
            Box::pin(async move {
                match does {
                    Does::UseLink => match stage.store.use_link(LinkKind::Reset, token, new, &origin()).await {
                        Ok(Ok(())) => true,
                        Err(Error::NotFound) => false,
                        other => panic!("{other:?}"),
                    },
                    Does::Change => match stage.store.change_own_password(change, typed(PASSWORD), new).await {
                        Ok(Ok(())) => true,
                        Ok(Err(_)) | Err(Error::Stale) => false,
                        Err(error) => panic!("{error}"),
                    },
                }
            })
        });
        let done = stage.interleave(schedule, acts.collect());
        let set: Vec<usize> = in_order(&done)
            .into_iter()
            .filter(|(actor, passed)| passed.request == Request::Transact && passed.good && done[*actor].outcome)
            .map(|(actor, _)| actor)
            .collect();
        let by_link = set.iter().filter(|actor| does[**actor] == Does::UseLink).count();
        prop_assert!(by_link <= 1, "{by_link} have used one link");
        prop_assert_eq!(set.len(), done.iter().filter(|done| done.outcome).count());
        if let Some(first) = set.first() {
            prop_assert_eq!(set.len(), 1, "{} set the password, and that ends the link and the present one", first);
        }
        prop_assert!(!set.is_empty(), "somebody should have set it");
        // The right one first: it forgets the failures of those who changed too late, and what is tried after it cannot lock what it opens.
        let (right, wrong): (Vec<_>, Vec<_>) = (0..does.len()).partition(|actor| set.last() == Some(actor));
        for actor in right.into_iter().chain(wrong) {
            let is_good = !matches!(stage.run(stage.try_password(&person, &password(actor))), SignedIn::No);
            prop_assert_eq!(is_good, set.last() == Some(&actor), "the last one that was set is the password");
        }
        Ok(())
    });
}
