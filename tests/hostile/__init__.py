"""Input that somebody made to do harm, table by table; every refusal names its cause."""
