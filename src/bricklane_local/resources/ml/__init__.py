"""What machine learning needs: experiments, registered models, serving, vector search."""
