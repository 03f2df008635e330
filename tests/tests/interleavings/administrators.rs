//! The last administrator: however administrators suspend, delete, degrade one another and give up their own second factor at once, one is left who can let others in.

use authz::permission::{DeleteAccounts, GrantRoles, ManageAccounts, RemoveOwnOtp, ViewAccounts};
use authz::{AccountState, Role};
use proptest::prelude::*;
use store::{Conflict, Error};

use crate::gate::Act;
use crate::stage::{Person, Stage, everywhere, explore, ready};

/// How many administrators there are.
const ADMINISTRATORS: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Does {
    Suspend,
    Delete,
    Degrade,
    GiveUpSecondFactor,
}

/// Somebody does something, to somebody where it is about others.
#[derive(Clone, Copy, Debug)]
struct Deed {
    by: usize,
    to: usize,
    does: Does,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let does =
        prop_oneof![Just(Does::Suspend), Just(Does::Delete), Just(Does::Degrade), Just(Does::GiveUpSecondFactor),];
    let deed = (0..ADMINISTRATORS, 0..ADMINISTRATORS, does).prop_map(|(by, to, does)| Deed { by, to, does });
    prop::collection::vec(deed, 2..6)
}

/// Whether a refusal is one that somebody may be told.
fn refused(error: &Error) -> bool {
    let fine = [Conflict::LastAdministrator, Conflict::WrongState];
    match error {
        Error::Stale | Error::NotFound | Error::Denied(_) => true,
        Error::Conflict(conflict) => fine.contains(conflict),
        _ => false,
    }
}

impl Stage {
    async fn carry_out(&self, Deed { does, .. }: Deed, by: &store::Tokens, to: &Person) -> Result<(), Error> {
        // Permits are asked for when the deed is done, as a request does.
        let facts = self.facts(by).await;
        if matches!(does, Does::GiveUpSecondFactor) {
            return self.store.remove_otp(&facts.permit::<RemoveOwnOtp>()?).await;
        }
        let account = to.account;
        let version = self.store.account(&facts.permit::<ViewAccounts>()?, account).await?.version;
        match does {
            Does::Suspend => {
                let permit = facts.permit::<ManageAccounts>()?;
                self.store.suspend_account(&permit, account, version).await?.commit(&self.store).await.map(|_| ())
            }
            Does::Delete => {
                let permit = facts.permit::<DeleteAccounts>()?;
                self.store.delete_account(&permit, account, version).await?.commit(&self.store).await
            }
            Does::Degrade => {
                let permit = facts.permit::<GrantRoles>()?;
                let changed = self.store.change_grants(&permit, account, version, Vec::new()).await?;
                changed.expect("no faults").commit(&self.store).await.map(|_| ())
            }
            Does::GiveUpSecondFactor => Ok(()),
        }
    }
}

#[test]
fn r01_no_interleaving_loses_the_last_administrator() {
    explore(deeds(), |stage, deeds, schedule| {
        let first = stage.company();
        let mut people = vec![first.clone()];
        people
            .extend((1..ADMINISTRATORS).map(|_| stage.colleague(&first, everywhere(Role::Administrator), ready(true))));
        stage.next_step();
        let tokens: Vec<_> = people.iter().map(|person| stage.sign_in(person)).collect();
        let acts = deeds.iter().map(|deed| -> Act<'_, Result<(), Error>> {
            Box::pin(stage.carry_out(*deed, &tokens[deed.by], &people[deed.to]))
        });
        let done = stage.interleave(schedule, acts.collect());
        for done in &done {
            if let Err(error) = &done.outcome {
                prop_assert!(refused(error), "{error}");
            }
        }
        let mut usable = 0;
        for (person, tokens) in people.iter().zip(&tokens) {
            let facts = stage.run(stage.facts(tokens));
            // Whose own session has ended may still be usable: only what is stored counts.
            let seen = match facts.permit::<ViewAccounts>() {
                Ok(permit) => stage.run(stage.store.account(&permit, person.account)).ok(),
                Err(_) => None,
            };
            usable += usize::from(seen.is_some_and(|seen| {
                let (state, account) = (seen.record.state, seen.record.account);
                state == AccountState::Active && account.otp && !account.grants.is_empty()
            }));
        }
        prop_assert!(usable >= 1, "nobody is left who could let others in: {:?}", done);
        Ok(())
    });
}
