"""What starts runs by itself: schedules, arriving files, changed tables, continuous jobs."""
