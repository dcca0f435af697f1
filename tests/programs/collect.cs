// Allocates from four threads, small objects and large ones, keeps a part of them, and collects: what it kept has to be whole at the end.
const int Rounds = 300;
const int Kept = 2000;

var workers = new Thread[4];
int broken = 0;
for (int i = 0; i < workers.Length; i++)
{
    int seed = i;
    workers[i] = new Thread(() => Interlocked.Add(ref broken, Work(seed)));
    workers[i].Start();
}

foreach (Thread worker in workers)
    worker.Join();
GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
Console.WriteLine($"{GC.CollectionCount(0)} collections, {GC.CollectionCount(2)} of them full; {broken} arrays broken");
return broken == 0 && GC.CollectionCount(2) > 0 ? 0 : 1;

static int Work(int seed)
{
    var random = new Random(seed);
    var kept = new byte[Kept][];
    for (int round = 0; round < Rounds; round++)
    {
        for (int i = 0; i < Kept; i++)
        {
            byte[] bytes = new byte[random.Next(16, i % 100 == 0 ? 400_000 : 4_000)];
            Array.Fill(bytes, (byte)bytes.Length);
            kept[random.Next(Kept)] = bytes;
        }

        if (round % 50 == 49)
            GC.Collect();
    }

    return kept.Count(bytes => bytes is not null && bytes.Any(b => b != (byte)bytes.Length));
}
