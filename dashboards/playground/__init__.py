"""Page /dashboards/playground: a variant is tried beside what serves, saved, and activated where it is not worse."""
