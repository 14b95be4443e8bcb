"""Who calls: principals and the tokens that stand for them."""
