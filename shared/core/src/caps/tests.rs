//! Caps hold in any order of asking.

use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

proptest! {
    #[test]
    fn the_shares_of_an_hour_add_up_to_its_cap(per_hour: u32, tick_s in prop::sample::select(vec![60_u32, 300, 600, 900, 1800, 3600])) {
        let total: u64 = (0..3600 / tick_s).map(|i| u64::from(tick_share(per_hour, at(i64::from(i * tick_s)), tick_s))).sum();
        prop_assert_eq!(total, u64::from(per_hour));
    }

    #[test]
    fn caps_never_overshoot_in_any_order(
        per_hour in 0..200_u32, per_minute in 0..20_u32, tenant_hour in 0..100_u32, tenant_day in 0..100_u32,
        used in 0..100_u32, factor in 0.0..1.0_f64, organisation in 0..50_u32,
        asks in prop::collection::vec((0..2_usize, 0..5_usize, 0..841_u32, any::<bool>()), 0..300),
    ) {
        let providers = [Provider::Gmail, Provider::Microsoft, Provider::Yahoo, Provider::Zoho, Provider::Other];
        let budget = ProviderBudget { factor, ..ProviderBudget::default() };
        let due = |p: usize| asks.iter().filter(|ask| ask.1 == p).count() as u32;
        let rooms = std::array::from_fn(|p| ProviderRoom::new(providers[p], &budget, due(p), at(0)));
        let plan = PlanLimits { per_hour: Some(tenant_hour), per_day: Some(tenant_day), ..PlanLimits::default() };
        let tenant = TenantBudget::new(&plan, used, at(0), 900);
        let mut budget_of_tick = TickBudget::new(
            per_hour, Minutes::new(per_minute, 900), (at(0), 900), vec![tenant; 2], rooms,
            vec![OrganisationRoom::new(organisation, 0)],
        );
        let (mut system, mut by_tenant, mut by_provider, mut own) = (0, [0; 2], [0; 5], 0);
        let mut by_minute = [0; 15];
        for &(tenant, provider, wanted, member) in &asks {
            let asker = Asker { tenant, provider: providers[provider], organisation: member.then_some(0) };
            if budget_of_tick.check(asker).is_err() {
                continue;
            }
            let Some(second) = budget_of_tick.minutes.nearest(wanted, 0, 840) else { continue };
            budget_of_tick.take(asker);
            budget_of_tick.minutes.take(second);
            system += 1;
            by_tenant[tenant] += 1;
            by_provider[provider] += 1;
            own += u32::from(member);
            by_minute[(second / 60) as usize] += 1;
        }
        prop_assert!(system <= tick_share(per_hour, at(0), 900));
        prop_assert!(by_tenant.iter().all(|&n| n <= tick_share(tenant_hour, at(0), 900)));
        prop_assert!(by_tenant.iter().all(|&n| n + used.min(tenant_day) <= tenant_day));
        prop_assert!((0..5).all(|p| by_provider[p] <= budget.allowed(due(p), at(0))));
        prop_assert!(own <= organisation);
        prop_assert!(by_minute.iter().all(|&n| n <= per_minute));
    }

    #[test]
    fn the_nearest_second_lies_inside_and_in_a_minute_with_room(
        taken in prop::collection::vec(0..3_u32, 15), wanted in 0..900_u32, from in 0..900_u32, to in 0..900_u32,
    ) {
        let mut minutes = Minutes::new(2, 900);
        minutes.taken = taken.clone();
        match minutes.nearest(wanted, from, to) {
            Some(second) => {
                prop_assert!((from..=to).contains(&second));
                prop_assert!(taken[(second / 60) as usize] < 2);
            }
            None => prop_assert!(from > to || (from / 60..=to / 60).all(|minute| taken[minute as usize] >= 2)),
        }
    }
}

#[test]
fn a_refusal_says_which_cap_and_its_numbers() {
    let plan = PlanLimits { per_day: Some(40), ..PlanLimits::default() };
    let quiet = ProviderBudget::default();
    let open = ProviderBudget { opened_until: Some(at(60)), ..quiet };
    let rooms = |budget: &ProviderBudget| [ProviderRoom::new(Provider::Gmail, budget, 5, at(0)); 5];
    let asker = Asker { tenant: 0, provider: Provider::Gmail, organisation: None };
    let of = |per_hour, used, budget: &ProviderBudget| {
        let tenant = TenantBudget::new(&plan, used, at(0), 900);
        TickBudget::new(per_hour, Minutes::new(9, 900), (at(0), 900), vec![tenant], rooms(budget), vec![])
    };
    assert_eq!(of(100, 0, &quiet).check(asker), Ok(()));
    assert_eq!(of(0, 0, &quiet).check(asker), Err(Cap::SystemHour { per_hour: 0, share: 0 }));
    assert_eq!(of(100, 40, &quiet).check(asker), Err(Cap::TenantDay { per_day: 40, used: 40 }));
    let refused = of(100, 0, &open).check(asker).unwrap_err();
    assert_eq!(refused, Cap::Breaker { provider: Provider::Gmail, until: at(60) });
    assert!(refused.to_string().contains("until"));
}
