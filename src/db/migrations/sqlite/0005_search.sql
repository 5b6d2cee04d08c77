-- The search index: for each task the folded form of its title and description, by trigrams.
--
-- It is written by a follower of the log (domain/task_search.c) and says only which tasks may match:
-- their rows decide. Letters are folded before they come here, so the tokenizer takes them as they
-- are. Positions are not kept (detail), which makes the index a third as large; sizes neither.
CREATE VIRTUAL TABLE task_search USING fts5 (
    folded_text, tokenize = 'trigram case_sensitive 1', detail = none, columnsize = 0
);
