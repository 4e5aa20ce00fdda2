"""The story of next-purchase, told on real data with the ordinary commands."""
