using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Storage.Configurations;

sealed class CollectorConfiguration : IEntityTypeConfiguration<Collector>
{
    public void Configure(EntityTypeBuilder<Collector> builder)
    {
        builder.ToTable("Collectors");
        builder.Property<string>(NameWithoutCase.Column).HasMaxLength(256).IsRequired();
        builder.HasIndex(nameof(Collector.SiteId), NameWithoutCase.Column).IsUnique();
        builder.Property(c => c.Name).HasMaxLength(256);
        builder.Property(c => c.Host).HasMaxLength(255);
        builder.Property(c => c.Domains).StoredAsJson();
        builder.Property(c => c.Version).IsConcurrencyToken();
        builder.HasOne<Site>().WithMany().HasForeignKey(c => c.SiteId).OnDelete(DeleteBehavior.Cascade);
    }
}

sealed class CollectorRunConfiguration : IEntityTypeConfiguration<CollectorRun>
{
    public void Configure(EntityTypeBuilder<CollectorRun> builder)
    {
        builder.ToTable("CollectorRuns");
        builder.Property(r => r.Collector).HasMaxLength(256);
        builder.HasIndex(r => new { r.SiteId, r.Collector, r.Id });
        builder.HasIndex(r => r.EndedAt);
    }
}
