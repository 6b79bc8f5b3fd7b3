//! Gives new versions their traffic little by little, each share proven healthy and watched before the next.

use std::time::Duration;

use actions_core::cloudflare::Share;
use tokio::time::Instant;

use crate::apply::Work;
use crate::apply::gate::Asked;
use crate::plan::{ServicePlan, Upload};
use crate::report;

/// How often a version that is watched is asked.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A new version's share of the traffic; the rest stays with the version before. Without one, it has all.
pub(crate) fn shares(new: &str, before: Option<&str>, percent: u8) -> Vec<Share> {
    match before {
        Some(before) if percent < 100 => vec![
            Share {
                version_id: new.to_owned(),
                percentage: f64::from(percent),
            },
            Share {
                version_id: before.to_owned(),
                percentage: f64::from(100 - percent),
            },
        ],
        _ => vec![Share::all(new)],
    }
}

impl Work<'_> {
    /// Takes the new versions of a wave from their first share to all traffic.
    pub(crate) async fn roll_out(&self, wave: &[String]) -> anyhow::Result<()> {
        let partial: Vec<(&ServicePlan, String)> = wave.iter().filter_map(|key| self.partial(key)).collect();
        let steps = &self.inputs.rollout;
        if partial.is_empty() || steps.len() < 2 {
            return Ok(());
        }
        let keys: Vec<&str> = partial.iter().map(|(service, _)| service.key.as_str()).collect();
        let watched: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        for (number, percent) in steps.iter().enumerate() {
            if number > 0 {
                for (service, version) in &partial {
                    let shares = shares(version, service.previous.as_deref(), *percent);
                    self.let_serve(service, &shares).await?;
                }
            }
            if *percent == 100 {
                break;
            }
            self.runner.say(&report::share(&keys, *percent, self.inputs.bake));
            self.gate(&watched, Asked::Uploaded).await?;
            self.watch(&watched, self.inputs.bake).await?;
        }
        Ok(())
    }

    /// Asks the new versions again and again, so that one that falls ill is put back at once, not when the time is over.
    async fn watch(&self, keys: &[String], bake: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + bake;
        while let Some(rest) = end
            .checked_duration_since(Instant::now())
            .filter(|rest| !rest.is_zero())
        {
            let pause = async {
                tokio::time::sleep(rest.min(LOOK_EVERY)).await;
                Ok(())
            };
            self.stop.unless(pause).await?;
            self.gate(keys, Asked::Watched).await?;
        }
        Ok(())
    }

    /// A service whose new version shares the traffic with the one before, and that version.
    fn partial(&self, key: &str) -> Option<(&ServicePlan, String)> {
        let service = self.plan.services.get(key)?;
        let gradual = service.upload == Upload::Again && !service.by_put && service.previous.is_some();
        let version = self.journal.borrow().services.get(key)?.new.clone()?;
        gradual.then_some((service, version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_stays_with_the_version_before() {
        let of = |shares: Vec<Share>| -> Vec<(String, f64)> {
            shares
                .into_iter()
                .map(|share| (share.version_id, share.percentage))
                .collect()
        };
        assert_eq!(
            of(shares("new", Some("old"), 10)),
            [("new".to_owned(), 10.0), ("old".to_owned(), 90.0)]
        );
        assert_eq!(of(shares("new", Some("old"), 100)), [("new".to_owned(), 100.0)]);
        assert_eq!(of(shares("new", None, 10)), [("new".to_owned(), 100.0)]);
    }
}
