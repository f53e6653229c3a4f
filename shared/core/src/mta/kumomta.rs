//! KumoMTA: a Lua module of egress sources, a pool, and the rates at which a source is chosen.
//!
//! `additional_source_selection_rates` bounds how often a source is chosen for *all* destinations together: the day's quota,
//! exactly. `source_selection_rate` bounds it a destination. Where a rate is used up KumoMTA takes another source of the
//! pool, so established sources carry what a new one may not (reference manual, *make_egress_path*; since 2025.03.19).
//!
//! In the pool a warming source needs a weight above zero to be chosen at all; its rate, not its weight, is what holds it.

use std::fmt::Write as _;

use super::Source;

/// The pool that queues are to use.
pub const POOL: &str = "preheat";

/// Weight in the pool of a source that is warmed: the least there is.
const WARMING_WEIGHT: u32 = 1;
/// Share of the day's quota that one destination gets at most, in per cent.
const DESTINATION_SHARE: u32 = 40;

/// The module of these sources; `as_of` says in a comment which date its quotas are of.
#[must_use]
pub fn write(sources: &[Source], as_of: &str) -> String {
    let mut out = String::new();
    // Writing to a String never fails.
    let _ = write_to(&mut out, sources, as_of);
    out
}

fn write_to(out: &mut String, sources: &[Source], as_of: &str) -> std::fmt::Result {
    let as_of: String = as_of.chars().filter(|c| !c.is_control()).collect();
    writeln!(
        out,
        "-- Written by `preheat ip config --format kumomta` for {as_of}: quotas grow daily, write it anew every day.\n\
         -- In init.lua:  local preheat = require 'preheat'\n\
         --   kumo.on('get_egress_source', preheat.get_egress_source)\n\
         --   kumo.on('get_egress_pool', preheat.get_egress_pool)\n\
         --   kumo.on('get_egress_path_config', preheat.get_egress_path_config)\n\
         -- and egress_pool = '{POOL}' in the queues that warm.\n\
         local kumo = require 'kumo'\n\nlocal mod = {{}}\n\nlocal SOURCES = {{"
    )?;
    for source in sources.iter().filter(|source| source.sends()) {
        let warming = source.weight == 0;
        writeln!(out, "  ['{}'] = {{ -- {}, {}", source.name(), source.status, source.phase)?;
        writeln!(out, "    source_address = '{}',\n    ehlo_domain = '{}',", source.address, source.greeting)?;
        writeln!(out, "    weight = {},", if warming { WARMING_WEIGHT } else { source.weight })?;
        writeln!(out, "    quota = '{}/day,max_burst=1',", source.quota_per_day)?;
        if warming {
            let a_destination = u64::from(source.quota_per_day) * u64::from(DESTINATION_SHARE) / 100;
            writeln!(out, "    quota_a_destination = '{}/day,max_burst=1',", a_destination.max(1))?;
        }
        writeln!(out, "  }},")?;
    }
    writeln!(out, "}}")?;
    for source in sources.iter().filter(|source| !source.sends()) {
        writeln!(out, "-- {} is {}: it sends nothing, and is no source.", source.address, source.status)?;
    }
    out.push_str(FUNCTIONS);
    Ok(())
}

/// What KumoMTA calls. `nil` leaves a name that is not ours to the next handler.
const FUNCTIONS: &str = "
function mod.get_egress_source(source_name)
  local source = SOURCES[source_name]
  if source then
    return kumo.make_egress_source {
      name = source_name,
      source_address = source.source_address,
      ehlo_domain = source.ehlo_domain,
    }
  end
end

function mod.get_egress_pool(pool_name)
  if pool_name ~= 'preheat' then
    return nil
  end
  local entries = {}
  for name, source in pairs(SOURCES) do
    table.insert(entries, { name = name, weight = source.weight })
  end
  table.sort(entries, function(a, b)
    return a.name < b.name
  end)
  return kumo.make_egress_pool { name = pool_name, entries = entries }
end

function mod.get_egress_path_config(domain, source_name, site_name)
  local source = SOURCES[source_name]
  if source then
    return kumo.make_egress_path {
      source_selection_rate = source.quota_a_destination,
      additional_source_selection_rates = {
        ['preheat-quota-' .. source_name] = source.quota,
      },
    }
  end
end

return mod
";
