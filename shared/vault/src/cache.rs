//! A cache bounded in age and in number, in which a missing thing is fetched once however many ask for it at the same
//! time. What has expired is never served, also not when it cannot be fetched anew: the vault fails closed.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::OnceCell, time::Instant};

use crate::error::Error;

/// Things `V` by key `K`, least recently used ones dropped first. A failure is shared by those who waited for it, and
/// forgotten.
pub(crate) struct Cache<K, V> {
    entries: Mutex<Entries<K, V>>,
    capacity: usize,
    max_age: Duration,
}

struct Entries<K, V> {
    map: HashMap<K, Entry<V>>,
    /// Counts uses; the entry with the smallest count was used longest ago.
    clock: u64,
    /// When entries that nobody asks for any more are dropped next.
    sweep: Instant,
}

struct Entry<V> {
    fetched: Arc<OnceCell<Fetched<V>>>,
    used: u64,
}

struct Fetched<V> {
    value: Result<Arc<V>, Error>,
    /// When fetching began: age counts from the last moment at which the value was certainly right.
    since: Instant,
}

impl<K: Copy + Eq + Hash, V> Cache<K, V> {
    pub(crate) fn new(capacity: usize, max_age: Duration) -> Self {
        let entries = Entries { map: HashMap::new(), clock: 0, sweep: Instant::now() + max_age };
        Self { entries: Mutex::new(entries), capacity, max_age }
    }

    /// What is cached under `key`, if it is there and not too old.
    pub(crate) fn get(&self, key: K) -> Option<Arc<V>> {
        let mut entries = self.lock();
        let now = Instant::now();
        self.sweep(&mut entries, now, false);
        let entry = entries.touch(key)?;
        entry.fetched.get().filter(|fetched| self.fresh(fetched, now)).and_then(|fetched| fetched.value.clone().ok())
    }

    /// What is cached under `key`; if nothing is, what `fetch` brings, which runs once for all who ask meanwhile.
    pub(crate) async fn get_or_fetch<F>(&self, key: K, fetch: F) -> Result<Arc<V>, Error>
    where
        F: AsyncFnOnce() -> Result<V, Error>,
    {
        let cell = {
            let mut entries = self.lock();
            let now = Instant::now();
            self.sweep(&mut entries, now, false);
            let current = entries.touch(key).map(|entry| Arc::clone(&entry.fetched));
            match current {
                Some(cell) => match cell.get() {
                    Some(fetched) if self.fresh(fetched, now) => return fetched.value.clone(),
                    // Being fetched: wait for it.
                    None => cell,
                    Some(_) => self.insert(&mut entries, key, now),
                },
                None => self.insert(&mut entries, key, now),
            }
        };
        cell.get_or_init(async || {
            let since = Instant::now();
            Fetched { value: fetch().await.map(Arc::new), since }
        })
        .await
        .value
        .clone()
    }

    /// Forgets what is cached under the keys that `which` accepts, also what is just being fetched for them.
    pub(crate) fn forget(&self, which: impl Fn(&K) -> bool) {
        self.lock().map.retain(|key, _| !which(key));
    }

    /// Forgets `stale`, unless something newer has taken its place.
    pub(crate) fn forget_if(&self, key: K, stale: &Arc<V>) {
        let mut entries = self.lock();
        let is_stale = entries
            .map
            .get(&key)
            .and_then(|entry| entry.fetched.get())
            .is_some_and(|fetched| fetched.value.as_ref().is_ok_and(|value| Arc::ptr_eq(value, stale)));
        if is_stale {
            entries.map.remove(&key);
        }
    }

    fn insert(&self, entries: &mut Entries<K, V>, key: K, now: Instant) -> Arc<OnceCell<Fetched<V>>> {
        self.sweep(entries, now, true);
        while entries.map.len() >= self.capacity.max(1) {
            let Some(oldest) = entries.map.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key) else {
                break;
            };
            entries.map.remove(&oldest);
        }
        let fetched = Arc::new(OnceCell::new());
        entries.map.insert(key, Entry { fetched: Arc::clone(&fetched), used: entries.clock });
        fetched
    }

    /// Drops what is too old to serve, so that keys do not stay in memory for want of anyone who asks.
    fn sweep(&self, entries: &mut Entries<K, V>, now: Instant, at_once: bool) {
        if at_once || now >= entries.sweep {
            entries.map.retain(|_, entry| entry.fetched.get().is_none_or(|fetched| self.fresh(fetched, now)));
            entries.sweep = now + self.max_age;
        }
    }

    fn fresh(&self, fetched: &Fetched<V>, now: Instant) -> bool {
        fetched.value.is_ok() && now.duration_since(fetched.since) < self.max_age
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        // Nothing under the lock can leave the map half changed.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash, V> Entries<K, V> {
    fn touch(&mut self, key: K) -> Option<&Entry<V>> {
        self.clock += 1;
        let entry = self.map.get_mut(&key)?;
        entry.used = self.clock;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::{advance, sleep};

    use super::*;

    const AGE: Duration = Duration::from_mins(5);

    /// Counts what is fetched, and notices when it is dropped.
    #[derive(Default)]
    struct Source {
        fetched: AtomicUsize,
        alive: Arc<AtomicUsize>,
    }
    struct Value(Arc<AtomicUsize>);
    impl Drop for Value {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    impl Source {
        async fn fetch(&self) -> Result<Value, Error> {
            self.fetched.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_millis(20)).await;
            self.alive.fetch_add(1, Ordering::SeqCst);
            Ok(Value(Arc::clone(&self.alive)))
        }
        fn fetched(&self) -> usize {
            self.fetched.load(Ordering::SeqCst)
        }
        fn alive(&self) -> usize {
            self.alive.load(Ordering::SeqCst)
        }
    }

    async fn at_once<T>(count: usize, make: impl Fn() -> T) -> Vec<T::Output>
    where
        T: Future,
    {
        let mut running: Vec<_> = (0..count).map(|_| Box::pin(make())).collect();
        let mut outputs: Vec<_> = (0..count).map(|_| None).collect();
        std::future::poll_fn(|context| {
            for (future, output) in running.iter_mut().zip(&mut outputs) {
                if output.is_none()
                    && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
                {
                    *output = Some(value);
                }
            }
            if outputs.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        outputs.into_iter().flatten().collect()
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_at_once_cause_one_fetch() {
        let (cache, source) = (Cache::new(8, AGE), Source::default());
        let values = at_once(50, || cache.get_or_fetch(1, async || source.fetch().await)).await;
        assert_eq!(source.fetched(), 1);
        assert!(values.iter().all(Result::is_ok));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_reaches_all_who_wait_and_is_then_forgotten() {
        let (cache, tries) = (Cache::<u8, ()>::new(8, AGE), AtomicUsize::new(0));
        let fail = async || {
            tries.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_millis(20)).await;
            Err(Error::unavailable("kms", "throttled"))
        };
        let outcomes = at_once(50, || cache.get_or_fetch(1, fail)).await;
        assert!(outcomes.iter().all(Result::is_err));
        assert_eq!(tries.load(Ordering::SeqCst), 1, "those who waited tried again, one after the other");
        assert!(cache.get_or_fetch(1, async || Ok(())).await.is_ok(), "a failure was remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_gives_up_does_not_strand_the_others() {
        let (cache, source) = (Cache::new(8, AGE), Source::default());
        let impatient =
            tokio::time::timeout(Duration::from_millis(5), cache.get_or_fetch(1, async || source.fetch().await));
        let patient = cache.get_or_fetch(1, async || source.fetch().await);
        let (gave_up, got) = tokio::join!(impatient, patient);
        assert!(gave_up.is_err());
        assert!(got.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_old_is_fetched_anew_and_not_served_when_that_fails() {
        let (cache, source) = (Cache::new(8, AGE), Source::default());
        cache.get_or_fetch(1, async || source.fetch().await).await.unwrap();
        advance(Duration::from_secs(299)).await;
        cache.get_or_fetch(1, async || source.fetch().await).await.unwrap();
        assert_eq!(source.fetched(), 1);
        advance(Duration::from_secs(1)).await;
        let outage = cache.get_or_fetch(1, async || Err(Error::unavailable("kms", "down"))).await;
        assert!(matches!(outage, Err(Error::Unavailable { .. })), "an expired value was served during an outage");
        assert!(cache.get(1).is_none());
        cache.get_or_fetch(1, async || source.fetch().await).await.unwrap();
        assert_eq!(source.fetched(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_asks_for_any_more_is_dropped() {
        let (cache, source) = (Cache::new(8, AGE), Source::default());
        cache.get_or_fetch(1, async || source.fetch().await).await.unwrap();
        advance(AGE).await;
        assert_eq!(source.alive(), 1);
        assert!(cache.get(2).is_none());
        assert_eq!(source.alive(), 0, "an expired value stayed in memory although the cache was used");
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_is_bounded_and_the_least_recently_used_goes_first() {
        let (cache, source) = (Cache::new(3, AGE), Source::default());
        for key in [1, 2, 3] {
            cache.get_or_fetch(key, async || source.fetch().await).await.unwrap();
        }
        assert!(cache.get(1).is_some());
        cache.get_or_fetch(4, async || source.fetch().await).await.unwrap();
        assert_eq!(source.alive(), 3);
        assert!(cache.get(2).is_none(), "2 was used longest ago and should have gone");
        assert!([1, 3, 4].into_iter().all(|key| cache.get(key).is_some()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_forgotten_while_it_is_fetched_is_not_kept() {
        let (cache, source) = (Cache::new(3, AGE), Source::default());
        let fetch = cache.get_or_fetch(1, async || source.fetch().await);
        let (value, ()) = tokio::join!(fetch, async { cache.forget(|key| *key == 1) });
        drop(value);
        assert!(cache.get(1).is_none());
        assert_eq!(source.alive(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_stale_value_itself_is_forgotten() {
        let (cache, source) = (Cache::new(3, AGE), Source::default());
        let stale = cache.get_or_fetch(1, async || source.fetch().await).await.unwrap();
        cache.forget_if(1, &stale);
        assert!(cache.get(1).is_none());
        cache.get_or_fetch(1, async || source.fetch().await).await.unwrap();
        cache.forget_if(1, &stale);
        assert!(cache.get(1).is_some());
    }
}
