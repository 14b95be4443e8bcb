"""What analysts make: dashboards, Genie spaces, queries, alerts."""
