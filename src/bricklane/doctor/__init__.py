"""The doctor: proves the chain of delivery, link by link, and says how to mend what is broken."""
